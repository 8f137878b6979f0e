import type { Sandbox } from '@backstitch/engine';
import type { Activation } from '@backstitch/protocol';
import { createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';

/** A sandbox for one orchestrator's life. */
export interface SandboxLease {
  sandbox: Sandbox;
  /** Forgets what runs in it, and lets another one have it. */
  release: () => void;
}

/** Sandboxes with one bundle, used again and again: to make one takes longer than a whole course of things. */
export class SandboxPool {
  readonly #free: Sandbox[] = [];
  readonly #all: Sandbox[] = [];

  /** @param stopsAfterMs when code that does not come back is stopped, in real time; undefined: never, which makes a course of things take half as long */
  constructor(
    readonly bundle: WorkflowBundle,
    readonly stopsAfterMs?: number,
  ) {}

  take(): SandboxLease {
    const sandbox = this.#free.pop() ?? this.#make();
    const runIds = new Set<string>();
    return {
      sandbox: {
        workflowTypes: sandbox.workflowTypes,
        activate: async (batch: readonly Activation[]) => {
          batch.forEach(({ runId }) => runIds.add(runId));
          return sandbox.activate(batch);
        },
        evict: async (evicted) => sandbox.evict(evicted),
        close: () => Promise.resolve(),
      },
      release: () => {
        // In this thread: it is done when the call returns.
        void sandbox.evict([...runIds]);
        this.#free.push(sandbox);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((sandbox) => sandbox.close()));
  }

  #make(): Sandbox {
    const sandbox = createInThreadSandbox({ bundle: this.bundle, activationTimeoutMs: this.stopsAfterMs, stopsLoops: this.stopsAfterMs !== undefined });
    this.#all.push(sandbox);
    return sandbox;
  }
}
