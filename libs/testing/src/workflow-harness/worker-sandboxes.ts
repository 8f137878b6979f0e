import type { Sandbox } from '@backstitch/engine';
import type { Activation, ActivationResult } from '@backstitch/protocol';
import { bundleOf, type CollectedRun } from '../history-collector.js';

/**
 * The sandboxes of several workers as one: a run's code is that of its task queue's worker, or of whichever worker knows its type.
 * A worker that takes another's task queue takes its runs too: they are replayed with its code.
 */
export class WorkerSandboxes implements Sandbox {
  readonly #byTaskQueue = new Map<string, Sandbox>();
  readonly #byRun = new Map<string, Sandbox>();
  readonly #taskQueues = new Map<string, string>();
  readonly #workflowTypes = new Set<string>();
  /** Whose code made the newest commands of a run. */
  readonly #authors = new Map<string, Sandbox>();

  /** @param forgetful every run is forgotten after each of its workflow tasks: the next one goes through replay */
  constructor(private readonly forgetful = false) {}

  get workflowTypes(): ReadonlySet<string> {
    return this.#workflowTypes;
  }

  /** The task queue of a run that has been activated here. */
  taskQueueOf(runId: string): string | undefined {
    return this.#taskQueues.get(runId);
  }

  /** The code that made what stands in a run's history. */
  codeOf(runId: string): CollectedRun['bundle'] {
    const author = this.#authors.get(runId);
    return author === undefined ? undefined : bundleOf(author);
  }

  /** Ids of all runs that have been activated here. */
  get runIds(): string[] {
    return [...this.#taskQueues.keys()];
  }

  /** From now on that sandbox has the code of that task queue. */
  async use(taskQueue: string, sandbox: Sandbox): Promise<void> {
    const replaced = this.#byTaskQueue.get(taskQueue);
    this.#byTaskQueue.set(taskQueue, sandbox);
    this.#workflowTypes.clear();
    for (const { workflowTypes } of this.#byTaskQueue.values()) {
      workflowTypes.forEach((workflowType) => this.#workflowTypes.add(workflowType));
    }
    if (replaced !== undefined) {
      for (const [runId, of] of this.#byRun) {
        if (of === replaced) {
          this.#byRun.delete(runId);
        }
      }
      await replaced.close();
    }
  }

  async activate(batch: readonly Activation[]): Promise<ActivationResult[]> {
    const groups = new Map<Sandbox, Activation[]>();
    const results = new Map<Activation, ActivationResult>();
    for (const activation of batch) {
      const sandbox = this.#sandboxOf(activation);
      const group = sandbox === undefined ? undefined : groups.get(sandbox);
      if (sandbox === undefined) {
        results.set(activation, unserved(activation));
      } else if (group === undefined) {
        groups.set(sandbox, [activation]);
      } else {
        group.push(activation);
      }
    }
    for (const [sandbox, activations] of groups) {
      const answers = await sandbox.activate(activations);
      activations.forEach((activation, index) => {
        const result = answers[index];
        if (result !== undefined) {
          results.set(activation, result);
        }
        if (result?.status === 'completed' && !activation.info.isReplaying) {
          this.#authors.set(result.runId, sandbox);
        }
      });
    }
    if (this.forgetful) {
      await this.evict(batch.filter(({ info }) => !info.isReplaying).map(({ runId }) => runId));
    }
    return batch.map((activation) => results.get(activation) ?? { runId: activation.runId, status: 'unknownRun' });
  }

  async evict(runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const sandbox = this.#byRun.get(runId);
      if (sandbox !== undefined) {
        this.#byRun.delete(runId);
        await sandbox.evict([runId]);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byTaskQueue.values()].map((sandbox) => sandbox.close()));
  }

  #sandboxOf({ runId, jobs, info }: Activation): Sandbox | undefined {
    if (jobs[0]?.type !== 'initializeWorkflow') {
      return this.#byRun.get(runId) ?? NOWHERE;
    }
    this.#taskQueues.set(runId, info.taskQueue);
    const sandbox = this.#byTaskQueue.get(info.taskQueue) ?? [...this.#byTaskQueue.values()].reverse().find(({ workflowTypes }) => workflowTypes.has(info.workflowType));
    if (sandbox !== undefined) {
      this.#byRun.set(runId, sandbox);
    }
    return sandbox;
  }
}

/** Knows no run. */
const NOWHERE: Sandbox = {
  workflowTypes: new Set(),
  activate: (batch) => Promise.resolve(batch.map(({ runId }) => ({ runId, status: 'unknownRun' }))),
  evict: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function unserved({ runId, info }: Activation): ActivationResult {
  const message = `No worker serves the task queue "${info.taskQueue}", and none knows the workflow "${info.workflowType}".`;
  return { runId, status: 'taskFailed', failure: { message, source: 'Backstitch', applicationFailureInfo: { type: 'NoWorker' } } };
}
