import { describe, expect, it } from '@jest/globals';
import { CURRENT_DETAILS_FUNCTION, ENGINE_SINK } from '@backstitch/protocol';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { Database } from './database.js';
import { RunNotes } from './run-notes.js';

function keep(notes: RunNotes, runId: string): void {
  const call = { sinkName: ENGINE_SINK, functionName: CURRENT_DETAILS_FUNCTION, args: ['details'] };
  notes.observer.workflowSinkCall?.({ workflowId: 'w', runId, workflowType: 't', call, isReplaying: false });
}

describe('notes of runs', () => {
  it.each(Array.from({ length: 8 }, (_, turns) => turns))(
    'given notes that are being written, when another one comes %i turns after the database has answered, then it is written, too',
    async (turns) => {
      const written: string[] = [];
      let isKept: Promise<void> | undefined;
      const comesLater = async (): Promise<void> => {
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        keep(notes, 'second');
      };
      const query = async ({ values: [runIds] }: { values: [string[]] }): Promise<[]> => {
        written.push(...runIds);
        isKept ??= comesLater();
        return [];
      };
      const notes = new RunNotes({ query } as unknown as Database, 'build', {} as OrchestratorLogger);
      keep(notes, 'first');
      await notes.idle();
      await isKept;
      await notes.idle();
      expect(written).toEqual(['first', 'second']);
    },
  );
});
