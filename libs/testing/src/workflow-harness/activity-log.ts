import { AsyncLocalStorage } from 'node:async_hooks';
import { Runtime, type Logger } from './runtime.js';

type Attributes = Record<string, unknown>;

/** What interceptors make of the attributes of an activity's log lines. */
const attributesOf = new AsyncLocalStorage<(attributes: Attributes) => Attributes>();

/** Log lines of what `work` does have the attributes that `change` makes of their own. */
export function withLogAttributes<Result>(change: (attributes: Attributes) => Attributes, work: () => Result): Result {
  return attributesOf.run(change, work);
}

/** The logger of an attempt, in pino's order: its lines go to the runtime's, or another one, with whose they are. */
export function activityLog(
  { workflowId, runId, activityType, attempt }: { workflowId: string; runId: string; activityType: string; attempt: number },
  loggerOf: () => Logger = () => Runtime.instance().logger,
) {
  const whose = { workflowId, runId, activityType, attempt };
  const lineAt =
    (level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR') =>
    (fields: object, message: string): void => {
      const change = attributesOf.getStore();
      loggerOf().log(level, message, { ...(change === undefined ? whose : change(whose)), ...fields });
    };
  return { debug: lineAt('DEBUG'), info: lineAt('INFO'), warn: lineAt('WARN'), error: lineAt('ERROR') };
}
