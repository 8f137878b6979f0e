import { activityJobId, serviceQueues, type OutcomeBatchJob } from '@backstitch/protocol';
import { createPostgresBackend, Queue, Worker } from 'bullmq';
import { EngineHarness } from '../src/engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../src/scripted-sandbox.js';
import type { WorkWireConnection } from '../src/work-wire.js';

const TICK_MS = 20;

/** The engine on a store in memory, on the clock of the machine, and on the queues of a service: it enforces time-outs as an orchestrator does. */
export class EngineOnQueues {
  readonly kit: EngineHarness;
  private readonly tasks: Queue;
  private readonly outcomes: Worker<OutcomeBatchJob>;
  private readonly ticking: Promise<void>;
  private dispatched = 0;
  private stopped = false;

  constructor(service: string, connection: WorkWireConnection, workflows: Record<string, WorkflowScript>) {
    const names = serviceQueues(service);
    const { options, backend } = endpoint(service, connection);
    this.kit = new EngineHarness(new ScriptedSandbox(workflows));
    this.tasks = new Queue(names.tasks, options, backend);
    this.outcomes = new Worker<OutcomeBatchJob>(names.outcomes, async ({ data }) => this.kit.engine.deliver(data.outcomes), { ...options, concurrency: 10 }, backend);
    // What breaks at the end is of no interest.
    this.tasks.on('error', () => undefined);
    this.outcomes.on('error', () => undefined);
    this.ticking = this.tick();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.ticking;
    await Promise.all([this.outcomes.close(), this.tasks.close()]);
  }

  private async tick(): Promise<void> {
    const { kit } = this;
    while (!this.stopped) {
      kit.clock.advance(Math.max(0, Date.now() - kit.clock.now()));
      await kit.engine.wake(kit.store.runIdsDue(kit.clock.now()));
      await kit.settled();
      for (const { job, delayMs } of kit.dispatcher.dispatched.slice(this.dispatched)) {
        this.dispatched += 1;
        await this.tasks.add(job.activityType, job, { jobId: activityJobId(job), attempts: 1, removeOnComplete: true, ...(delayMs > 0 ? { delay: delayMs } : {}) });
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }
}

/** BullMQ's types know Redis alone. */
function endpoint(service: string, connection: WorkWireConnection): { options: { connection: never; prefix?: string }; backend?: never } {
  if (connection.backend === 'redis') return { options: { connection: { url: connection.url } as never, ...(connection.prefix === undefined ? {} : { prefix: connection.prefix }) } };
  const postgres = { connectionString: connection.url, schema: `queue_${service}`, max: 4 };
  return { options: { connection: postgres as never }, backend: createPostgresBackend as never };
}
