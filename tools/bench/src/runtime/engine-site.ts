import { randomUUID } from 'node:crypto';
import { Engine, type Dispatch, type EngineOptions, type Sandbox } from '@backstitch/engine';
import type { ActivityJob, ActivityOutcome } from '@backstitch/protocol';
import { MemoryStore } from './memory-store.js';

/** An engine on the real sandbox, a store that says yes and a queue that is a list. */
export class EngineSite {
  readonly store: MemoryStore;
  readonly engine: Engine;
  readonly jobs: ActivityJob[] = [];
  closed = 0;

  constructor(sandbox: Sandbox, options: EngineOptions, keepsWorkflow?: (workflowId: string) => boolean) {
    this.store = new MemoryStore(keepsWorkflow);
    this.engine = new Engine(
      {
        clock: { now: () => Date.now() },
        ids: { runId: () => randomUUID(), random: Math.random },
        sandbox,
        store: this.store,
        dispatcher: {
          dispatch: (dispatches: readonly Dispatch[]) => {
            for (const { job } of dispatches) this.jobs.push(job);
            return Promise.resolve();
          },
          cancel: (attempts) => Promise.resolve({ removed: attempts.map(() => false) }),
        },
      },
      { ...options, observer: { workflowClosed: () => void (this.closed += 1) } },
    );
  }

  /** Answers all jobs that wait now. */
  async answerJobs(): Promise<void> {
    const jobs = this.jobs.splice(0);
    await this.engine.deliver(jobs.map(outcomeOf));
    await this.engine.idle();
  }
}

function outcomeOf({ workflowId, runId, scheduledEventId, attempt, dispatch, key, scheduledAtMs }: ActivityJob): ActivityOutcome {
  const times = { startedAtMs: scheduledAtMs, finishedAtMs: scheduledAtMs };
  return { workflowId, runId, scheduledEventId, attempt, dispatch, key, ...times, identity: 'steps@bench', outcome: { status: 'completed', result: { done: true } } };
}
