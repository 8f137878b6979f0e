import { nameOf, type Workflow } from './definitions.js';
import type { WorkflowIdConflictPolicy } from '@backstitch/protocol';
import type { WorkflowHandle } from './workflow-handle.js';
import type { WorkflowStartOptions } from './workflow-options.js';

/** A start that goes with an update, in `executeUpdateWithStart` or `startUpdateWithStart`. Used once. */
export class WithStartWorkflowOperation<T extends Workflow> {
  readonly workflowType: string;
  /** As it was given. */
  readonly workflow: T | string;
  readonly options: WorkflowStartOptions<T> & { workflowIdConflictPolicy: WorkflowIdConflictPolicy };
  readonly #handle: Promise<WorkflowHandle<T>>;
  #settle: { resolve(handle: WorkflowHandle<T>): void; reject(error: unknown): void } | undefined;
  #isUsed = false;

  constructor(workflow: T | string, options: WorkflowStartOptions<T> & { workflowIdConflictPolicy: WorkflowIdConflictPolicy }) {
    this.workflowType = nameOf(workflow, 'A workflow');
    this.workflow = workflow;
    this.options = options;
    this.#handle = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever does not ask for the handle is told by the update's own failure.
    this.#handle.catch(() => undefined);
  }

  /** The workflow that was started, or had the id already: once the update was sent. */
  workflowHandle(): Promise<WorkflowHandle<T>> {
    return this.#handle;
  }

  /** @internal @throws Error if it was used before */
  use(): { resolve(handle: WorkflowHandle<T>): void; reject(error: unknown): void } {
    if (this.#isUsed || this.#settle === undefined) throw new Error('This WithStartWorkflowOperation has been executed before.');
    this.#isUsed = true;
    return this.#settle;
  }
}
