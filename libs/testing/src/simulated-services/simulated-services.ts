import { activityJobId, type ActivityJob, type JsonValue } from '@backstitch/protocol';
import { InMemoryInbox } from './in-memory-inbox.js';
import { SharedState } from './shared-state.js';
import { transaction, type SimulatedActivities, type SimulatedActivity } from './simulated-activity.js';
import { SimulatedAttempt } from './simulated-attempt.js';

export interface SimulatedServicesOptions<State extends object> {
  /** What all services' databases, and the world outside, hold: plain data. Becomes the services' own. */
  state: State;
  activities: SimulatedActivities<State>;
  /** The time, in milliseconds. */
  now: () => number;
}

/**
 * Services, their databases and their inboxes, simulated: attempts are made step by step under the rules of libs/activity (law L4), in the modes transaction,
 * external and resumable. One inbox stands for all of them: keys are unique.
 */
export class SimulatedServices<State extends object> {
  readonly inbox = new InMemoryInbox();
  readonly #shared: SharedState<State>;
  readonly #activities: SimulatedActivities<State>;
  readonly #now: () => number;
  /** Details of heartbeats, by job: what the queue shows to whoever takes the job again. */
  readonly #progress = new Map<string, JsonValue>();

  constructor({ state, activities, now }: SimulatedServicesOptions<State>) {
    this.#shared = new SharedState(state);
    this.#activities = activities;
    this.#now = now;
  }

  /** What is committed, and what has happened outside. */
  get state(): State {
    return this.#shared.live;
  }

  /** A worker takes the job. */
  begin(job: ActivityJob): SimulatedAttempt<State> {
    const jobId = activityJobId(job);
    return new SimulatedAttempt(job, {
      inbox: this.inbox,
      shared: this.#shared,
      activity: this.#activityOf(job.activityType),
      now: this.#now,
      heartbeatDetails: job.heartbeatDetails ?? this.#progress.get(jobId),
      showProgress: (details) => void this.#progress.set(jobId, details),
    });
  }

  #activityOf(activityType: string): SimulatedActivity<State> | undefined {
    const found = Object.hasOwn(this.#activities, activityType) ? this.#activities[activityType] : undefined;
    return typeof found === 'function' ? transaction(found) : found;
  }
}
