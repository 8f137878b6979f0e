import { currentScope } from '@backstitch/workflow/internal';
import type { WorkflowLogEntry } from '@backstitch/protocol';

/** `console` in workflow code writes to the run's log. */
export function createWorkflowConsole(): Record<'debug' | 'error' | 'info' | 'log' | 'trace' | 'warn', (...values: unknown[]) => void> {
  const write =
    (level: WorkflowLogEntry['level']) =>
    (...values: unknown[]): void =>
      currentScope().workflowRun.log({ level, message: values.map(inspect).join(' ') });
  return { debug: write('debug'), error: write('error'), info: write('info'), log: write('info'), trace: write('trace'), warn: write('warn') };
}

function inspect(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
