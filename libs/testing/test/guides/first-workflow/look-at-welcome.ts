import type { Client } from '@backstitch/client';

/** What the run has done so far: each activity, how often it was tried, and what it waits for. */
export async function lookAtWelcome(client: Client, memberId: string): Promise<string[]> {
  const { status, raw } = await client.workflow.getHandle(`welcome-${memberId}`).describe();
  return [
    status.name,
    ...raw.activities.map(({ activityType, status, attempt }) => `${activityType}: ${status}, attempt ${attempt}`),
    ...raw.timers.map(({ startedAtMs, firesAtMs }) => `sleeps for ${(firesAtMs - startedAtMs) / 3_600_000} hours`),
  ];
}
