import type { WorkflowSinkCall } from '@backstitch/protocol';
import type { SinkFunction, Sinks, WorkflowInfo } from '@backstitch/workflow';
import { Runtime } from './runtime.js';

/** Whose call it is: as much of `workflowInfo()` as the host knows. */
export type SinkWorkflowInfo = Pick<WorkflowInfo, 'workflowId' | 'runId' | 'workflowType' | 'taskQueue'>;

/** One function of a sink. */
export interface InjectedSinkFunction<F extends SinkFunction = SinkFunction> {
  fn(info: SinkWorkflowInfo, ...args: Parameters<F>): unknown;
  /** Whether it is called while recorded history is applied again, too. Default false. */
  callDuringReplay?: boolean;
}

/** What stands behind a workflow's sinks, function for function. */
export type InjectedSinks<T extends Sinks = Sinks> = { [S in keyof T]: { [F in keyof T[S]]: InjectedSinkFunction<T[S][F]> } };

/** The sinks of several workers: a call goes to those of the run's task queue. */
export class WorkerSinks {
  readonly #byTaskQueue = new Map<string, InjectedSinks>();

  use(taskQueue: string, sinks: InjectedSinks): void {
    this.#byTaskQueue.set(taskQueue, sinks);
  }

  call(info: SinkWorkflowInfo, { sinkName, functionName, args }: WorkflowSinkCall, isReplaying: boolean): void {
    const sink = this.#byTaskQueue.get(info.taskQueue)?.[sinkName]?.[functionName];
    if (sink === undefined || (isReplaying && sink.callDuringReplay !== true)) {
      return;
    }
    Promise.resolve(sink.fn(info, ...args)).catch((error: unknown) => Runtime.instance().logger.error('A sink failed', { ...info, sinkName, error }));
  }
}
