import { MockActivityEnvironment } from '@backstitch/testing/workflow-harness';
import { trialActivities } from './trial-activities.js';

/** Goes on from what an earlier attempt has told, until it is cancelled. */
export async function cancelledInTheMiddle(): Promise<{ heartbeats: number[]; error: string }> {
  const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: 1 });
  const heartbeats: number[] = [];
  environment.on('heartbeat', (closed: number) => {
    heartbeats.push(closed);
    environment.cancel();
  });
  const error = await environment.run(trialActivities([]).closeAccounts, 'ada').catch((thrown: unknown) => String(thrown));
  return { heartbeats, error: String(error) };
}
