import { Runtime } from './runtime.js';

/** The logger of an attempt, in pino's order: its lines go to the runtime's, with whose they are. */
export function activityLog({ workflowId, runId, activityType, attempt }: { workflowId: string; runId: string; activityType: string; attempt: number }) {
  const whose = { workflowId, runId, activityType, attempt };
  const lineAt =
    (level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR') =>
    (fields: object, message: string): void =>
      Runtime.instance().logger.log(level, message, { ...whose, ...fields });
  return { debug: lineAt('DEBUG'), info: lineAt('INFO'), warn: lineAt('WARN'), error: lineAt('ERROR') };
}
