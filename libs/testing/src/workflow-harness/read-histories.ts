import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryAndWorkflowId } from '@backstitch/client';

/** There is no history to be read: the folder is missing or has no JSON file, or a file is no JSON. */
export class HistoriesUnreadableError extends Error {
  override readonly name = 'HistoriesUnreadableError';
  readonly code = 'HISTORIES_UNREADABLE';
  constructor(
    readonly path: string,
    why: string,
    options?: { cause?: unknown },
  ) {
    super(`${path} ${why}`, options);
  }
}

/**
 * The histories of a folder and the folders in it: its `.json` files, in order of their names, one in memory at a time. Each is what `handle.fetchHistory()`
 * gave or `backstitch history ID --json` wrote.
 * @throws HistoriesUnreadableError
 */
export async function* readHistories(folder: string): AsyncIterableIterator<HistoryAndWorkflowId> {
  const files = filesOf(folder);
  if (files.length === 0) {
    throw new HistoriesUnreadableError(folder, 'has no JSON file.');
  }
  for (const file of files) {
    yield { workflowId: '', history: (await readJson(file)) as HistoryAndWorkflowId['history'] };
  }
}

function filesOf(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile() && entry.name.endsWith('.json'));
    return entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  } catch (cause) {
    throw new HistoriesUnreadableError(folder, 'cannot be read.', { cause });
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new HistoriesUnreadableError(file, 'is no JSON.', { cause });
  }
}
