import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';
import { InMemoryWorkflowEnvironment } from './in-memory-environment.js';

const TASK_QUEUE = 'warm-up';

/** Begins a child, and ends with it. */
const parent: WorkflowScript = function* (workflow) {
  workflow.queries.set('signals', () => workflow.signals.length);
  const seq = workflow.startChild('child', 'warm-up-child', [], { taskQueue: TASK_QUEUE });
  yield* workflow.childStarted(seq);
  yield* workflow.childEnded(seq);
  return workflow.signals.length;
};

const child: WorkflowScript = function* (workflow) {
  yield* workflow.sleep(86_400_000);
  yield* workflow.activity('activity', [], { taskQueue: TASK_QUEUE, startToCloseTimeoutMs: 60_000 });
  return undefined;
};

/** A small workflow's life in an environment of its own, which no client and no worker sees: what a test does after it finds compiled code. */
export class WarmUp {
  readonly #environment = new InMemoryWorkflowEnvironment();

  /** Answers what the workflow comes to: how many signals it got. Refused where it is ended before. */
  async run(): Promise<number> {
    const { activities, client, sandboxes, sleep } = this.#environment;
    await sandboxes.use(TASK_QUEUE, new ScriptedSandbox({ parent, child }));
    const serving = activities.serve({ taskQueue: TASK_QUEUE, identity: TASK_QUEUE, activities: new Map([['activity', async () => undefined]]) });
    try {
      const handle = await client.workflow.start('parent', { taskQueue: TASK_QUEUE, workflowId: TASK_QUEUE });
      await sleep('1 hour');
      await handle.signal('signal');
      await handle.query('signals');
      return (await handle.result()) as number;
    } finally {
      await serving.stop();
    }
  }

  /** Ends it, wherever it is. */
  async end(): Promise<void> {
    await this.#environment.discard();
  }
}
