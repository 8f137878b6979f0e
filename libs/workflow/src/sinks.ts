/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { JsonValue } from '@backstitch/protocol';
import { runFor } from './current-run.js';
import { toJson } from './to-json.js';
import type { WorkflowInfo } from './workflow-info.js';

/** What a sink does for workflow code: it gives nothing back. */
export type SinkFunction = (...args: any[]) => void;
export type Sink = Record<string, SinkFunction>;
/** Sinks by name: each some functions. */
export type Sinks = Record<string, Sink>;

/** A call of a sink as the host gets it. */
export interface SinkCall {
  ifaceName: string;
  fnName: string;
  args: any[];
  workflowInfo: WorkflowInfo;
}

/** Older way of logging: use `log`. */
export interface LoggerSinks extends Sinks {
  defaultWorkerLogger: {
    trace(message: string, attributes?: Record<string, unknown>): void;
    debug(message: string, attributes?: Record<string, unknown>): void;
    info(message: string, attributes?: Record<string, unknown>): void;
    warn(message: string, attributes?: Record<string, unknown>): void;
    error(message: string, attributes?: Record<string, unknown>): void;
  };
}

/** Functions that call the host's sinks. The calls leave with the activation's result: they are made after it, and never twice for one that was committed, unless the sink wants replays too. Arguments must be JSON. */
export function proxySinks<T extends Sinks>(): T {
  return new Proxy({}, { get: (_sinks, sinkName) => (typeof sinkName === 'string' && sinkName !== 'then' ? proxySink(sinkName) : undefined) }) as T;
}

function proxySink(sinkName: string): Sink {
  return new Proxy({}, { get: (_sink, functionName) => (typeof functionName === 'string' ? (...args: unknown[]) => callSink(sinkName, functionName, args) : undefined) });
}

/** Keeps the call of a sink for the host. */
export function callSink(sinkName: string, functionName: string, args: unknown[]): void {
  const json = toJson(args, `The arguments of ${sinkName}.${functionName}`);
  runFor('A sink').features.addSinkCall({ sinkName, functionName, args: JSON.parse(json) as JsonValue[] });
}
