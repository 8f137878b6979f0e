import type { HistoryStore, RunAppend } from '@backstitch/engine';
import { continuation, creation, loadOne, STARTED_AT_MS } from './history-store-samples.js';
import type { TestFramework } from './test-framework.js';

/** The part of the suite about runs that follow, or take the place of, each other. */
export function chainConformance({ expect }: TestFramework, it: (name: string, body: (store: HistoryStore) => Promise<void>) => void): void {
  it('given a run that closes, when the next run of its workflow id replaces it in the same commit, then that one is current and both can be loaded', async (store) => {
    const first = creation();
    await store.commit([first]);
    const closing = continuation(first.record, { status: 'CONTINUED_AS_NEW', closedAtMs: STARTED_AT_MS + 9 });
    const next: RunAppend = { ...creation({ workflowId: first.record.workflowId }), replaces: first.record.runId, after: first.record.runId };
    expect(await store.commit([closing, next])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
    expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([next.record]);
    expect((await loadOne(store, first.record.runId))?.record).toEqual(closing.record);
    expect((await loadOne(store, next.record.runId))?.events).toEqual(next.events);
    // The run that was replaced can still be written to, by its fence.
    expect(await store.commit([continuation(closing.record)])).toEqual([{ status: 'committed' }]);
    expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([next.record]);
  });

  it('given a run that went on meanwhile, when its close and its successor are committed, then both are stale and nothing is written', async (store) => {
    const first = creation();
    const raced = continuation(first.record);
    await store.commit([first]);
    await store.commit([raced]);
    const other = creation();
    const next: RunAppend = { ...creation({ workflowId: first.record.workflowId }), replaces: first.record.runId, after: first.record.runId };
    const results = await store.commit([continuation(first.record), next, other]);
    expect(results).toEqual([{ status: 'stale' }, { status: 'stale' }, { status: 'committed' }]);
    expect(await store.load([next.record.runId])).toEqual([]);
    expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([raced.record]);
  });

  it('given a run that follows another without replacing it, when both are committed, then each is current under its own id', async (store) => {
    const first = creation();
    await store.commit([first]);
    const beside: RunAppend = { ...creation(), after: first.record.runId };
    expect(await store.commit([continuation(first.record), beside])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
    expect(await store.findByWorkflowIds([beside.record.workflowId])).toEqual([beside.record]);
  });

  it('given a run that is no longer current, when another is created to replace it, then the current one is answered', async (store) => {
    const first = creation({ status: 'COMPLETED', closedAtMs: STARTED_AT_MS + 1 });
    const { workflowId, runId } = first.record;
    await store.commit([first]);
    const second: RunAppend = { ...creation({ workflowId }), replaces: runId };
    const late: RunAppend = { ...creation({ workflowId }), replaces: runId };
    expect(await store.commit([second])).toEqual([{ status: 'committed' }]);
    expect(await store.commit([late])).toEqual([{ status: 'exists', existing: second.record }]);
    expect(await store.load([late.record.runId])).toEqual([]);
    expect(await store.findByWorkflowIds([workflowId])).toEqual([second.record]);
  });

  it('given two writers that replace the same run at once, when both have ended, then exactly one has won', async (store) => {
    const first = creation({ status: 'FAILED', closedAtMs: STARTED_AT_MS + 1 });
    const { workflowId, runId } = first.record;
    await store.commit([first]);
    const nexts = Array.from({ length: 8 }, (): RunAppend => ({ ...creation({ workflowId }), replaces: runId }));
    const results = await Promise.all(nexts.map((next) => store.commit([next])));
    expect(results.flat().map(({ status }) => status).sort()).toEqual(['committed', ...Array.from({ length: 7 }, () => 'exists')]);
    const [found] = await store.findByWorkflowIds([workflowId]);
    expect(found?.runId).toEqual(nexts[results.findIndex(([result]) => result?.status === 'committed')]?.record.runId);
  });

  it('given three runs in a row of one commit, when the first is stale, then so are all; else each is written', async (store) => {
    const first = creation();
    await store.commit([first]);
    const inARow = (base: RunAppend): RunAppend[] => {
      const closing = continuation(base.record, { status: 'CONTINUED_AS_NEW', closedAtMs: STARTED_AT_MS + 9 });
      const second: RunAppend = { ...creation({ workflowId: base.record.workflowId }), replaces: base.record.runId, after: base.record.runId };
      const child: RunAppend = { ...creation(), after: second.record.runId };
      return [closing, second, child];
    };
    const late = inARow(first);
    const good = inARow(first);
    expect(await store.commit(good)).toEqual(good.map(() => ({ status: 'committed' })));
    expect(await store.commit(late)).toEqual(late.map(() => ({ status: 'stale' })));
    expect(await store.load(late.slice(1).map(({ record }) => record.runId))).toEqual([]);
    expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([good[1]?.record]);
  });

  it('given a run whose workflow id is taken, when another one of the commit is to come after it, then that one is stale, and the others are written', async (store) => {
    const taken = creation();
    await store.commit([taken]);
    const refused = creation({ workflowId: taken.record.workflowId });
    const follower: RunAppend = { ...creation(), after: refused.record.runId };
    const other = creation();
    expect(await store.commit([refused, follower, other])).toEqual([{ status: 'exists', existing: taken.record }, { status: 'stale' }, { status: 'committed' }]);
    expect(await store.load([refused.record.runId, follower.record.runId])).toEqual([]);
    expect((await loadOne(store, other.record.runId))?.record).toEqual(other.record);
  });

  it('given a run that was replaced, when it is created again, then it exists, and that very run is answered', async (store) => {
    const first = creation({ status: 'COMPLETED', closedAtMs: STARTED_AT_MS + 1 });
    await store.commit([first]);
    const second: RunAppend = { ...creation({ workflowId: first.record.workflowId }), replaces: first.record.runId };
    await store.commit([second]);
    expect(await store.commit([first])).toEqual([{ status: 'exists', existing: first.record }]);
    expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([second.record]);
    expect((await loadOne(store, first.record.runId))?.events).toEqual(first.events);
  });
}
