import { randomUUID } from 'node:crypto';
import { ENVELOPE_VERSION, serviceQueues, type ActivityJob, type ActivityOutcome, type OutcomeBatchJob } from '@backstitch/protocol';
import { consume, JobQueues, type Consumer, type QueueConnection } from '@backstitch/queues';

export type FakeHandler = (job: ActivityJob) => Promise<ActivityOutcome['outcome']> | ActivityOutcome['outcome'];

/** A service that takes activity jobs and sends outcomes, as libs/activity would, without an inbox. */
export class FakeService {
  readonly jobs: ActivityJob[] = [];
  readonly #queues: JobQueues;
  readonly #consumers: Consumer[];

  constructor(connection: QueueConnection, service: string, handler: FakeHandler) {
    this.#queues = new JobQueues(connection);
    const { tasks, compensation } = serviceQueues(service);
    this.#consumers = [tasks, compensation].map((queueName) =>
      consume<ActivityJob>(connection, queueName, async ({ data: job }) => {
        this.jobs.push(job);
        await this.reply(job, await handler(job));
      }, { concurrency: 50 }),
    );
  }

  async reply(job: ActivityJob, outcome: ActivityOutcome['outcome']): Promise<void> {
    const now = Date.now();
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key } = job;
    const envelope: OutcomeBatchJob = {
      envelopeVersion: ENVELOPE_VERSION,
      kind: 'outcomes',
      outcomes: [{ workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs: now, finishedAtMs: now, identity: 'fake', outcome }],
    };
    await this.#queues.addBulk(job.replyTo, [{ name: 'outcomes', data: envelope, jobId: `reply-${randomUUID()}` }]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close(1_000)));
    await this.#queues.close();
  }
}
