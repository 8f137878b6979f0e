import type { EngineObserver } from '@backstitch/engine';
import type { OrchestratorLogger } from './logger.js';

/** Whose workflow code calls a sink. */
export interface SinkWorkflowInfo {
  workflowId: string;
  runId: string;
  workflowType: string;
  /** The call was made before; history is applied again. */
  isReplaying: boolean;
}

/** One function of a sink. */
export interface InjectedSinkFunction {
  // Arguments must stay open here: a sink may have any.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  fn(info: SinkWorkflowInfo, ...args: any[]): void | Promise<void>;
  /** Default false. */
  callDuringReplay?: boolean;
}

/** Sinks by name, and their functions by name: what workflow code tells the host's process. */
export type InjectedSinks = Readonly<Record<string, Readonly<Record<string, InjectedSinkFunction>>>>;

/** Calls sinks as workflow code asks for it. One that fails is logged, and changes nothing; one that is not there is left out. */
export function sinkObserver(sinks: InjectedSinks, logger: OrchestratorLogger): EngineObserver {
  return {
    workflowSinkCall: ({ workflowId, runId, workflowType, isReplaying, call: { sinkName, functionName, args } }) => {
      const functions = Object.hasOwn(sinks, sinkName) ? sinks[sinkName] : undefined;
      const sink = functions !== undefined && Object.hasOwn(functions, functionName) ? functions[functionName] : undefined;
      if (sink === undefined || (isReplaying && sink.callDuringReplay !== true)) {
        return;
      }
      const failed = (error: unknown): void => logger.error({ err: error, workflowId, runId, sinkName, functionName }, 'a sink failed');
      try {
        Promise.resolve(sink.fn({ workflowId, runId, workflowType, isReplaying }, ...args)).catch(failed);
      } catch (error) {
        failed(error);
      }
    },
  };
}
