import type { RunAppend } from '@backstitch/engine';
import { commitStatement, type CommitAnswer } from './commit-statement.js';
import type { RunStatement } from './database.js';
import { SCHEMA } from './schema.js';

/** Whether an append takes another run's place, or depends on another append of its commit. */
export function isLinked({ replaces, after }: RunAppend): boolean {
  return replaces !== undefined || after !== undefined;
}

/**
 * A commit in which runs take each other's place: the statements of one transaction. First what depends on nothing, then what depends on that, and so on.
 * What depends on an append that did not pass, or would replace a run that is not the current one, is left out.
 */
export async function commitLinked(query: RunStatement, appends: readonly RunAppend[]): Promise<CommitAnswer> {
  const passed = new Set<string>();
  let waiting = appends;
  for (let isFirst = true; waiting.length > 0; isFirst = false) {
    const ready = waiting.filter(({ after }) => (after === undefined ? isFirst : passed.has(after)));
    if (ready.length === 0 && !isFirst) {
      break;
    }
    waiting = waiting.filter((append) => !ready.includes(append));
    const made = await commitReady(query, ready);
    made.forEach((runId) => passed.add(runId));
  }
  return { passed: passed.size, run_ids: [...passed] };
}

async function commitReady(query: RunStatement, ready: readonly RunAppend[]): Promise<string[]> {
  const replaced = await replace(query, ready.filter(({ replaces }) => replaces !== undefined));
  const appends = ready.filter(({ replaces }) => replaces === undefined || replaced.has(replaces));
  if (appends.length === 0) {
    return [];
  }
  const [answer] = await query<CommitAnswer>(commitStatement(appends));
  const made = answer?.passed === appends.length ? appends.map(({ record }) => record.runId) : (answer?.run_ids ?? []);
  const failed = appends.filter(({ record, replaces }) => replaces !== undefined && !made.includes(record.runId));
  // Its place was free, so its run id is taken: it was made before. What it replaces goes back.
  await restore(query, failed);
  return made;
}

/** Run ids that are current no more, so that another takes their place. */
async function replace(query: RunStatement, appends: readonly RunAppend[]): Promise<Set<string>> {
  if (appends.length === 0) {
    return new Set();
  }
  const inOrder = [...appends].sort((a, b) => ((a.replaces ?? '') < (b.replaces ?? '') ? -1 : 1));
  const rows = await query<{ run_id: string }>({
    name: 'backstitch_replace',
    text: `UPDATE ${SCHEMA}.execution e SET is_current = false, replaced_by = r.successor
      FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS r (run_id, successor, workflow_id)
      WHERE e.run_id = r.run_id AND e.is_current AND e.workflow_id = r.workflow_id RETURNING e.run_id`,
    values: [inOrder.map(({ replaces }) => replaces), inOrder.map(({ record }) => record.runId), inOrder.map(({ record }) => record.workflowId)],
  });
  return new Set(rows.map(({ run_id }) => run_id));
}

async function restore(query: RunStatement, appends: readonly RunAppend[]): Promise<void> {
  if (appends.length > 0) {
    await query({
      text: `UPDATE ${SCHEMA}.execution SET is_current = true, replaced_by = NULL WHERE run_id = ANY ($1::uuid[])`,
      values: [appends.map(({ replaces }) => replaces)],
    });
  }
}
