import type { Client } from '@backstitch/client';

/** What the webhook's controller calls. The same call again is refused with ActivityAlreadyClosedError, or WorkflowAlreadyClosedError once the workflow has ended. */
export async function identityChecked(client: Client, taskToken: string, verdict: string): Promise<void> {
  await client.activity.complete(taskToken, { verdict });
}
