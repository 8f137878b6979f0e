import type { JsonValue } from '@backstitch/protocol';
import { ApplicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import type { Claim, Claimed } from '../inbox/inbox.js';
import { inputHash } from '../inbox/input-hash.js';

/** The part of Jest (or of a test runner like it) that the suite needs. */
export interface ConformanceFramework {
  describe: (name: string, body: () => void) => void;
  it: (name: string, body: () => Promise<void>) => void;
  expect: (actual: unknown) => { toEqual(expected: unknown): void };
}

/** A row as anyone can see it: what is committed. */
export interface InboxRowView {
  state: 'absent' | 'started' | 'completed';
  result: JsonValue;
  checkpoint: JsonValue;
  undone: boolean;
}

/** An attempt whose effect commits together with its key. */
export interface TransactionalSubject {
  readonly claimed: Claimed;
  /** Leaves a note under the attempt's key, in its transaction. */
  effect(note: string): Promise<void>;
  /** Stores the result and commits. */
  complete(result: JsonValue): Promise<void>;
  /** Rolls back, as for a handler that throws or a process that dies. */
  giveUp(): Promise<void>;
}

/** An attempt whose effect is elsewhere: its claim is committed, its lock held. */
export interface ExternalSubject {
  readonly claimed: Claimed;
  /** Commits a note under the attempt's key, and a checkpoint. @throws if the step was undone, or the lock lost */
  slice(note: string, checkpoint: JsonValue): Promise<void>;
  /** Stores the result. @throws likewise */
  complete(result: JsonValue): Promise<void>;
  /** Lets the lock go. */
  end(): Promise<void>;
  /** Loses the lock, as with its connection, while the handler goes on. */
  loseLock(): Promise<void>;
}

/** An inbox to be judged. Both ways of beginning throw the inbox's refusals, and then have left nothing and hold nothing. */
export interface InboxSubject {
  transactional(claim: Claim): Promise<TransactionalSubject>;
  external(claim: Claim): Promise<ExternalSubject>;
  /** Begins likewise, but has no patience with another delivery that is running. */
  impatient(claim: Claim, mode: 'transactional' | 'external'): Promise<unknown>;
  row(key: string): Promise<InboxRowView | undefined>;
  /** The notes that are committed under a key, in order. */
  effects(key: string): Promise<string[]>;
}

/** An inbox, and how to put it away. Called for each test; the inboxes may share one database. */
export type InboxMaker = () => Promise<{ inbox: InboxSubject; dispose(): Promise<void> }>;

/**
 * What every inbox must do (law L4), as tests. Each test uses keys of its own.
 * @param framework `describe`, `it` and `expect` of the test runner
 */
export function inboxConformance(framework: ConformanceFramework, makeInbox: InboxMaker): void {
  const { describe, expect } = framework;
  const it = (name: string, body: (inbox: InboxSubject) => Promise<void>): void =>
    framework.it(name, async () => {
      const { inbox, dispose } = await makeInbox();
      try {
        await body(inbox);
      } finally {
        await dispose();
      }
    });
  const refused = async (begin: Promise<unknown>): Promise<unknown> =>
    begin.then(
      () => 'not refused',
      (error: unknown) => (error instanceof ApplicationFailure ? { type: error.type, nonRetryable: error.nonRetryable === true } : error),
    );
  const forGood = (type: string) => ({ type, nonRetryable: true });

  describe('as every inbox: transactional steps', () => {
    it('given a step, when it completes, then effect, key and result are committed', async (inbox) => {
      const claim = freshClaim();
      const attempt = await inbox.transactional(claim);
      expect(plain(attempt.claimed)).toEqual({ status: 'claimed', startedBefore: false });
      await attempt.effect('reserved');
      expect([await inbox.row(claim.key), await inbox.effects(claim.key)]).toEqual([undefined, []]);
      await attempt.complete({ text: 'é", \\ 漢字 😀', list: [null, 1.5, { deep: true }] });
      expect(await inbox.row(claim.key)).toEqual({ state: 'completed', result: { text: 'é", \\ 漢字 😀', list: [null, 1.5, { deep: true }] }, checkpoint: null, undone: false });
      expect(await inbox.effects(claim.key)).toEqual(['reserved']);
    });

    it('given a completed step, when it is delivered again, then its result is repeated, null too', async (inbox) => {
      for (const result of [{ reservationId: 'r1' }, null]) {
        const claim = freshClaim();
        await (await inbox.transactional(claim)).complete(result);
        const again = await inbox.transactional(claim);
        expect(plain(again.claimed)).toEqual({ status: 'repeated', result });
        await again.giveUp();
      }
    });

    it('given a step that gave up, when it is tried again, then nothing is known of it', async (inbox) => {
      const claim = freshClaim();
      const first = await inbox.transactional(claim);
      await first.effect('half done');
      await first.giveUp();
      expect([await inbox.row(claim.key), await inbox.effects(claim.key)]).toEqual([undefined, []]);
      const second = await inbox.transactional(claim);
      expect(plain(second.claimed)).toEqual({ status: 'claimed', startedBefore: false });
      await second.effect('done');
      await second.complete('done');
      expect(await inbox.effects(claim.key)).toEqual(['done']);
    });

    it('given a key, when it comes with another input, then it is refused for good, and the same in another order of keys is not', async (inbox) => {
      const claim = freshClaim([{ a: 1, b: { c: 2, d: 3 } }]);
      await (await inbox.transactional(claim)).complete('done');
      expect(await refused(inbox.transactional({ ...claim, inputHash: inputHash([{ a: 2, b: { c: 2, d: 3 } }]) }))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.idempotencyKeyReused));
      const same = await inbox.transactional({ ...claim, inputHash: inputHash([{ b: { d: 3, c: 2 }, a: 1 }]) });
      expect(same.claimed.status).toEqual('repeated');
      await same.giveUp();
    });

    it('given a step that is running, when it is delivered again, then the second delivery waits and repeats the result', async (inbox) => {
      const claim = freshClaim();
      const told: string[] = [];
      const first = await inbox.transactional(claim);
      const waiting = inbox.transactional(claim).then((second) => {
        told.push('second');
        return second;
      });
      await inbox.row(claim.key);
      told.push('first');
      await first.complete('done');
      const second = await waiting;
      expect([told, plain(second.claimed)]).toEqual([['first', 'second'], { status: 'repeated', result: 'done' }]);
      await second.giveUp();
    });

    it('given a step that is running and gives up, when another delivery waits, then that one has the step', async (inbox) => {
      const claim = freshClaim();
      const first = await inbox.transactional(claim);
      const waiting = inbox.transactional(claim);
      await first.giveUp();
      const second = await waiting;
      expect(plain(second.claimed)).toEqual({ status: 'claimed', startedBefore: false });
      await second.giveUp();
    });

    it('given 20 deliveries at once, when they run, then one has the step and 19 repeat its result', async (inbox) => {
      const claim = freshClaim();
      const deliver = async (): Promise<string> => {
        const attempt = await inbox.transactional(claim);
        if (attempt.claimed.status === 'repeated') {
          await attempt.giveUp();
          return String(attempt.claimed.result);
        }
        await attempt.effect('done');
        await attempt.complete('the result');
        return 'first';
      };
      const answers = await Promise.all(Array.from({ length: 20 }, deliver));
      expect(answers.sort()).toEqual(['first', ...Array.from({ length: 19 }, () => 'the result')]);
      expect(await inbox.effects(claim.key)).toEqual(['done']);
    });

    it('given a step that is running, when another delivery does not care to wait, then it may be tried again, and nothing is left of it', async (inbox) => {
      for (const mode of ['transactional', 'external'] as const) {
        const claim = freshClaim();
        const first = await inbox.transactional(claim);
        expect(await refused(inbox.impatient(claim, mode))).toEqual({ type: ACTIVITY_FAILURE_TYPE.stepStillRunning, nonRetryable: false });
        const undo = undoOf(claim);
        expect(await refused(inbox.impatient(undo, mode))).toEqual({ type: ACTIVITY_FAILURE_TYPE.stepStillRunning, nonRetryable: false });
        await first.complete('done');
        expect([await inbox.row(undo.key), (await inbox.row(claim.key))?.undone]).toEqual([undefined, false]);
      }
    });
  });

  describe('as every inbox: undos', () => {
    it('given a completed step, when its undo runs, then it learns the result, and the step is refused from then on', async (inbox) => {
      const step = freshClaim();
      await (await inbox.transactional(step)).complete({ reservationId: 'r1' });
      const undo = undoOf(step);
      const attempt = await inbox.transactional(undo);
      expect(plain(attempt.claimed)).toEqual({
        status: 'claimed',
        startedBefore: false,
        undo: { stepKey: step.key, stepActivityType: step.activityType, step: 'completed', stepResult: { reservationId: 'r1' } },
      });
      await attempt.complete('released');
      expect(await inbox.row(step.key)).toEqual({ state: 'completed', result: { reservationId: 'r1' }, checkpoint: null, undone: true });
      for (const mode of ['transactional', 'external'] as const) expect(await refused(inbox[mode](step))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.stepUndone));
      const again = await inbox.transactional(undo);
      expect(plain(again.claimed)).toEqual({ status: 'repeated', result: 'released' });
      await again.giveUp();
    });

    it('given a step that never ran, when its undo runs first, then it is told so, and the step is refused, whatever its input', async (inbox) => {
      for (const mode of ['transactional', 'external'] as const) {
        const step = freshClaim();
        const attempt = await inbox[mode](undoOf(step));
        expect(plain(attempt.claimed)).toEqual({ status: 'claimed', startedBefore: false, undo: { stepKey: step.key, stepActivityType: step.activityType, step: 'absent' } });
        await attempt.complete(null);
        await endOf(attempt);
        expect(await inbox.row(step.key)).toEqual({ state: 'absent', result: null, checkpoint: null, undone: true });
        expect(await refused(inbox.transactional(step))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.stepUndone));
        expect(await refused(inbox.external({ ...step, inputHash: inputHash(['another']) }))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.stepUndone));
      }
    });

    it('given a step that is running, when its undo comes, then the undo waits and sees what became of the step', async (inbox) => {
      for (const mode of ['transactional', 'external'] as const) {
        const [completing, failing] = [freshClaim(), freshClaim()];
        const running = [await inbox.transactional(completing), await inbox.transactional(failing)];
        const undos = [inbox[mode](undoOf(completing)), inbox[mode](undoOf(failing))];
        await running[0]?.complete('done');
        await running[1]?.giveUp();
        for (const [index, expected] of [{ step: 'completed', stepResult: 'done' }, { step: 'absent' }].entries()) {
          const undo = (await undos[index]) as TransactionalSubject | ExternalSubject;
          const { stepKey: _key, stepActivityType: _type, ...seen } = undo.claimed.status === 'claimed' ? (undo.claimed.undo ?? {}) as Record<string, unknown> : {};
          expect(seen).toEqual(expected);
          await undo.complete(null);
          await endOf(undo);
        }
      }
    });

    it('given a transactional undo that gave up, when it has, then its tombstone is gone with it, and its next attempt puts it again', async (inbox) => {
      const step = freshClaim();
      const undo = undoOf(step);
      await (await inbox.transactional(undo)).giveUp();
      expect(await inbox.row(step.key)).toEqual(undefined);
      await (await inbox.transactional(step)).complete('late');
      const second = await inbox.transactional(undo);
      expect(second.claimed.status === 'claimed' ? second.claimed.undo?.step : undefined).toEqual('completed');
      await second.complete(null);
      expect((await inbox.row(step.key))?.undone).toEqual(true);
    });

    it('given an external undo that did not complete, when it has ended, then its tombstone stays, and its next attempt is told the same', async (inbox) => {
      const step = freshClaim();
      const running = await inbox.external(step);
      await running.end();
      const undo = undoOf(step);
      const first = await inbox.external(undo);
      await first.end();
      expect(await inbox.row(step.key)).toEqual({ state: 'started', result: null, checkpoint: null, undone: true });
      expect(await refused(inbox.external(step))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.stepUndone));
      const second = await inbox.external(undo);
      expect(plain(second.claimed)).toEqual({ status: 'claimed', startedBefore: true, undo: { stepKey: step.key, stepActivityType: step.activityType, step: 'started' } });
      await second.complete('refunded');
      await second.end();
      expect((await inbox.row(undo.key))?.result).toEqual('refunded');
    });
  });

  describe('as every inbox: external steps', () => {
    it('given an external step, when it runs, then its claim, its slices and its result are committed one by one', async (inbox) => {
      const claim = freshClaim();
      const attempt = await inbox.external(claim);
      expect(await inbox.row(claim.key)).toEqual({ state: 'started', result: null, checkpoint: null, undone: false });
      await attempt.slice('intent', { rows: 100 });
      expect(await inbox.row(claim.key)).toEqual({ state: 'started', result: null, checkpoint: { rows: 100 }, undone: false });
      expect(await inbox.effects(claim.key)).toEqual(['intent']);
      await attempt.slice('charged', { rows: 200 });
      await attempt.complete({ chargeId: 'c1' });
      await attempt.end();
      expect(await inbox.row(claim.key)).toEqual({ state: 'completed', result: { chargeId: 'c1' }, checkpoint: { rows: 200 }, undone: false });
      for (const mode of ['transactional', 'external'] as const) {
        const again = await inbox[mode](claim);
        expect(plain(again.claimed)).toEqual({ status: 'repeated', result: { chargeId: 'c1' } });
        await endOf(again);
      }
    });

    it('given an external step that did not complete, when it is tried again, then it knows that it began before, and where it was', async (inbox) => {
      const claim = freshClaim();
      const first = await inbox.external(claim);
      await first.slice('100 rows', { rows: 100 });
      await first.end();
      expect(await refused(inbox.external({ ...claim, inputHash: inputHash(['another']) }))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.idempotencyKeyReused));
      const second = await inbox.external(claim);
      expect(plain(second.claimed)).toEqual({ status: 'claimed', startedBefore: true, checkpoint: { rows: 100 } });
      await second.end();
    });

    it('given an external step that is running, when it is delivered again or undone, then both wait and see it completed', async (inbox) => {
      const claim = freshClaim();
      const first = await inbox.external(claim);
      const again = inbox.external(claim);
      await first.complete('charged');
      await first.end();
      const second = await again;
      expect(plain(second.claimed)).toEqual({ status: 'repeated', result: 'charged' });
      const undoing = inbox.transactional(undoOf(claim));
      await second.end();
      const undo = await undoing;
      expect(undo.claimed.status === 'claimed' ? [undo.claimed.undo?.step, undo.claimed.undo?.stepResult] : undefined).toEqual(['completed', 'charged']);
      await undo.giveUp();
    });

    it('given an external step that lost its lock, when its undo has run and the handler goes on, then it can commit nothing', async (inbox) => {
      const claim = freshClaim();
      const first = await inbox.external(claim);
      await first.slice('intent', 1);
      await first.loseLock();
      const undo = await inbox.external(undoOf(claim));
      expect(undo.claimed.status === 'claimed' ? undo.claimed.undo?.step : undefined).toEqual('started');
      await undo.complete(null);
      await undo.end();
      expect([(await refused(first.slice('too late', 2))) === 'not refused', (await refused(first.complete('too late'))) === 'not refused']).toEqual([false, false]);
      expect(await inbox.row(claim.key)).toEqual({ state: 'started', result: null, checkpoint: 1, undone: true });
      expect(await inbox.effects(claim.key)).toEqual(['intent']);
      await first.end();
    });
  });

  describe('as every inbox: edits', () => {
    it('given an edit, when nothing happened under the old key, then the old one is refused from then on, and the new one repeats its result', async (inbox) => {
      for (const mode of ['transactional', 'external'] as const) {
        const old = freshClaim();
        const edited: Claim = { ...freshClaim(['edited']), key: `${old.key}/r1`, supersedesKey: old.key };
        const attempt = await inbox[mode](edited);
        expect(plain(attempt.claimed)).toEqual({ status: 'claimed', startedBefore: false, superseded: { key: old.key, step: 'absent' } });
        await attempt.complete('done');
        await endOf(attempt);
        const again = await inbox[mode](edited);
        expect(again.claimed.status).toEqual('repeated');
        await endOf(again);
        expect(await refused(inbox.transactional(old))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.stepUndone));
      }
    });

    it('given an edit, when the old one began and did not complete, then the new one is told', async (inbox) => {
      const old = freshClaim();
      await (await inbox.external(old)).end();
      const attempt = await inbox.external({ ...freshClaim(['edited']), key: `${old.key}/r1`, supersedesKey: old.key });
      expect(plain(attempt.claimed)).toEqual({ status: 'claimed', startedBefore: false, superseded: { key: old.key, step: 'started' } });
      await attempt.end();
    });

    it('given an edit, when the effect under the old key has happened, then it is refused for good and leaves nothing', async (inbox) => {
      for (const mode of ['transactional', 'external'] as const) {
        const old = freshClaim();
        await (await inbox.transactional(old)).complete('done');
        const edited: Claim = { ...freshClaim(['edited']), key: `${old.key}/r1`, supersedesKey: old.key };
        expect(await refused(inbox[mode](edited))).toEqual(forGood(ACTIVITY_FAILURE_TYPE.effectAlreadyHappened));
        expect([await inbox.row(edited.key), (await inbox.row(old.key))?.undone]).toEqual([undefined, false]);
      }
    });
  });
}

let keys = 0;
const run = crypto.randomUUID();

function freshClaim(input: JsonValue = ['input']): Claim {
  keys += 1;
  return { key: `${run}/${keys}`, activityType: 'reserve', inputHash: inputHash(input) };
}

function undoOf(step: Claim): Claim {
  return { ...freshClaim(['undo']), activityType: 'release', undoOf: { key: step.key, activityType: step.activityType } };
}

async function endOf(attempt: TransactionalSubject | ExternalSubject): Promise<void> {
  if ('end' in attempt) await attempt.end();
  else await attempt.giveUp();
}

/** Without members that are undefined. */
function plain(claimed: Claimed): unknown {
  return JSON.parse(JSON.stringify(claimed));
}
