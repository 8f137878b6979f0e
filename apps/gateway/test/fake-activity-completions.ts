import { InvalidRequestError, type ActivityHeartbeatResponse } from '@backstitch/protocol';
import { ActivityCompletions, type Completion } from '../src/activities/activity-completions.js';

export const GENUINE_TOKEN = 'g'.repeat(60);

/** Knows one token, and writes down what it is told. */
export class FakeActivityCompletions extends ActivityCompletions {
  readonly told: Completion[] = [];
  cancelRequested = false;

  async byToken(taskToken: string, completion: Completion): Promise<ActivityHeartbeatResponse | undefined> {
    if (taskToken !== GENUINE_TOKEN) throw new InvalidRequestError('/taskToken', 'is no task token of this deployment');
    this.told.push(completion);
    return completion.action === 'heartbeat' ? { cancelRequested: this.cancelRequested, paused: false } : undefined;
  }
}
