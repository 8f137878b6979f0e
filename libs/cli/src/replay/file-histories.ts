import { readFile } from 'node:fs/promises';
import type { HistoryEvent } from '@backstitch/protocol';
import { FileUnreadableError } from '../errors.js';
import { parse } from './load-code.js';
import type { RunHistory } from './replay-histories.js';

/** One run's history, as `backstitch history --json` writes it; a bare array of events will do. @throws FileUnreadableError */
export async function readHistoryFile(file: string): Promise<RunHistory> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FileUnreadableError(file, 'cannot be read.', { cause });
  });
  const content = parse(file, text) as HistoryEvent[] | { events?: HistoryEvent[] } | null;
  const events = Array.isArray(content) ? content : content?.events;
  const [first] = events ?? [];
  if (events !== undefined && typeof (first as { eventTime?: unknown } | undefined)?.eventTime === 'string') {
    throw new FileUnreadableError(file, 'is a history in Temporal’s form: write it without --temporal.');
  }
  if (events === undefined || first?.eventType !== 'WORKFLOW_EXECUTION_STARTED') {
    throw new FileUnreadableError(file, 'holds no history that begins with WORKFLOW_EXECUTION_STARTED.');
  }
  return { workflowId: first.attributes.workflowId, runId: first.attributes.runId, events };
}
