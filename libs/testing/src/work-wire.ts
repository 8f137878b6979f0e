import { randomUUID } from 'node:crypto';
import { activityJobId, activityKey, ENVELOPE_VERSION, serviceQueues, type ActivityJob, type ActivityOutcome, type JsonValue, type OutcomeBatchJob } from '@backstitch/protocol';
import { createPostgresBackend, Queue, Worker } from 'bullmq';

/** Where the queues are. */
export type WorkWireConnection = { backend: 'redis'; url: string; prefix?: string } | { backend: 'postgres'; url: string };

type Waiting = (outcome: ActivityOutcome) => void;

export interface WireAttempt {
  activityType: string;
  input: JsonValue[];
  /** Default a new run's. */
  key?: string;
  /** Which try of the activity it is. Default 1; each call is a dispatch of its own. */
  attempt?: number;
  /** Makes it an undo, on the queue of undos. */
  undoOf?: { key: string; activityType: string };
}

/** The orchestrator's end of a service's queues, for specs of services: puts attempts on them and takes their outcomes. */
export class WorkWire {
  private readonly names;
  private readonly queues = new Map<string, Queue>();
  private readonly outcomes: Worker;
  private readonly waiting = new Map<string, Waiting>();
  private dispatches = 0;

  constructor(
    service: string,
    private readonly connection: WorkWireConnection,
  ) {
    this.names = serviceQueues(service);
    const { options, backend } = this.endpoint();
    this.outcomes = new Worker<OutcomeBatchJob>(this.names.outcomes, async ({ data }) => data.outcomes.forEach((outcome) => this.settle(outcome)), options, backend);
    for (const name of [this.names.tasks, this.names.compensation]) this.queues.set(name, new Queue(name, options, backend));
  }

  /** @returns how the attempt ended */
  async attempt({ activityType, input, key = activityKey(randomUUID(), 1), attempt = 1, undoOf }: WireAttempt): Promise<ActivityOutcome> {
    const queue = this.queues.get(undoOf === undefined ? this.names.tasks : this.names.compensation)!;
    this.dispatches += 1;
    const dispatch = this.dispatches;
    const job: ActivityJob = {
      envelopeVersion: ENVELOPE_VERSION,
      kind: 'activity',
      workflowId: 'order-spec',
      runId: key.split('/')[0]!,
      workflowType: 'spec',
      scheduledEventId: 1,
      activityId: '1',
      activityType,
      key,
      attempt,
      dispatch,
      input,
      ...(undoOf === undefined ? {} : { undoOf }),
      scheduledAtMs: Date.now(),
      replyTo: this.names.outcomes,
    };
    const outcome = new Promise<ActivityOutcome>((resolve) => this.waiting.set(`${key} ${dispatch}`, resolve));
    await queue.add(activityType, job, { jobId: activityJobId(job), attempts: 1, removeOnComplete: true });
    return outcome;
  }

  async close(): Promise<void> {
    await Promise.all([this.outcomes.close(), ...[...this.queues.values()].map((queue) => queue.close())]);
  }

  private settle(outcome: ActivityOutcome): void {
    // That an attempt is under way ends nothing.
    if (outcome.outcome.status === 'running' && outcome.outcome.completesOutside !== true) return;
    const name = `${outcome.key} ${outcome.dispatch}`;
    this.waiting.get(name)?.(outcome);
    this.waiting.delete(name);
  }

  /** BullMQ's types know Redis alone. */
  private endpoint(): { options: { connection: never; prefix?: string }; backend?: never } {
    if (this.connection.backend === 'redis') return { options: { connection: { url: this.connection.url } as never, prefix: this.connection.prefix } };
    const connection = { connectionString: this.connection.url, schema: `queue_${this.names.tasks}`, max: 4 };
    return { options: { connection: connection as never }, backend: createPostgresBackend as never };
  }
}
