import type { JsonObject, WorkflowLogEntry } from '@backstitch/protocol';
import { chain } from './interceptor-chain.js';
import type { WorkflowRun } from './workflow-run.js';

/** Writes log lines. `attributes` must be JSON; errors in them are written with name, message and stack. */
export interface WorkflowLogger {
  trace(message: string, attributes?: Record<string, unknown>): void;
  debug(message: string, attributes?: Record<string, unknown>): void;
  info(message: string, attributes?: Record<string, unknown>): void;
  warn(message: string, attributes?: Record<string, unknown>): void;
  error(message: string, attributes?: Record<string, unknown>): void;
}

/** A logger of a run. @param runOf undefined: there is none, and nothing is logged */
export function createWorkflowLogger(runOf: () => WorkflowRun | undefined): WorkflowLogger {
  const logAt =
    (level: WorkflowLogEntry['level']) =>
    (message: string, attributes?: Record<string, unknown>): void => {
      const run = runOf();
      if (run !== undefined && !run.info.isReplaying) run.log({ level, message, attributes: attributesOf(run, attributes) });
    };
  return { trace: logAt('trace'), debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
}

function attributesOf(run: WorkflowRun, attributes: Record<string, unknown> | undefined): JsonObject | undefined {
  const interceptors = run.interceptors?.outbound;
  const { workflowId, runId, workflowType, taskQueue } = run.info;
  const common =
    interceptors === undefined
      ? undefined
      : chain(interceptors, 'getLogAttributes', (input: Record<string, unknown>) => input)({ namespace: 'default', taskQueue, workflowId, runId, workflowType });
  const all = common === undefined ? attributes : { ...common, ...attributes };
  if (all === undefined) return undefined;
  for (const name in all) if (all[name] instanceof Error) return withErrorsAsText(all);
  return all as JsonObject;
}

function withErrorsAsText(attributes: Record<string, unknown>): JsonObject {
  const entries = Object.entries(attributes).map(([name, value]) => [name, value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value]);
  return Object.fromEntries(entries) as JsonObject;
}
