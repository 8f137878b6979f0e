import type { ActivityJob, ActivityOutcome, JsonValue, TimeoutType } from '@backstitch/protocol';

/**
 * One attempt of an activity by a simulated worker, taken step by step.
 *
 * under way → ended (it replies), or crashed (nothing is heard of it any more). One that a time limit ended may go on as a zombie: effects that it
 * still has happen, and nobody is told.
 */
export interface SimulatedAttempt {
  readonly job: ActivityJob;
  /** Where it stands: a short name, the same for the same course of things. */
  readonly point: string;
  /** The same for a reader; completes the sentence `the worker of "charge" dies …`. */
  readonly pointText: string;
  /** It waits for a lock on its key; to advance does nothing until another attempt has moved. */
  readonly isWaiting: boolean;
  /** What it replies, once it has ended. */
  readonly ended: { outcome: ActivityOutcome['outcome']; heartbeatDetails?: JsonValue; repeated?: boolean } | undefined;
  readonly isZombie: boolean;
  /** It sleeps until then. */
  readonly wakeAtMs?: number;
  /** Runs to the next point, or to the end. */
  advance(): Promise<void>;
  /** Its process is gone, with whatever was not committed. */
  crash(): void;
  /** A limit has run out, as its worker notices it. */
  timeOut(timeoutType: Extract<TimeoutType, 'START_TO_CLOSE' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT'>): void;
  /** Its cancellation is requested: the handler decides. */
  requestCancel(): void;
  /** The newest heartbeat that was not asked for yet. */
  takeHeartbeat(): { details?: JsonValue } | undefined;
}

/** All services and their databases, simulated. */
export interface SimulatedServicesPort<State> {
  /** What the databases hold. */
  readonly state: State;
  /** A worker takes the job. */
  begin(job: ActivityJob): SimulatedAttempt;
}

/** Makes services for one course of things. Called thousands of times. */
export type SimulatedServicesMaker<State> = (surroundings: { state: State; now: () => number }) => SimulatedServicesPort<State>;
