import { describe, expect, it } from '@jest/globals';
import { ACTIVITY_FAILURE_TYPE, ApplicationFailure, CancelledFailure } from '@backstitch/activity/simulation';
import { ENVELOPE_VERSION, type ActivityJob, type JsonValue } from '@backstitch/protocol';
import { external, resumable, SimulatedServices, transaction, withDefect, type SimulatedActivities, type SimulatedAttempt } from './index.js';

interface Shop {
  stock: number;
  charges: string[];
  rows: number[];
}

const shop = (): Shop => ({ stock: 3, charges: [], rows: [] });

function servicesOf(activities: SimulatedActivities<Shop>): SimulatedServices<Shop> {
  return new SimulatedServices({ state: shop(), activities, now: () => 1_000 });
}

function job(activityType: string, fields: Partial<ActivityJob> = {}): ActivityJob {
  const scheduledEventId = fields.scheduledEventId ?? 5;
  return {
    envelopeVersion: ENVELOPE_VERSION,
    kind: 'activity',
    workflowId: 'order-1',
    runId: 'run-1',
    workflowType: 'orderWorkflow',
    scheduledEventId,
    activityId: '1',
    activityType,
    key: `run-1/${scheduledEventId}`,
    attempt: 1,
    dispatch: 1,
    input: ['input'],
    scheduledAtMs: 0,
    replyTo: 'outcomes',
    ...fields,
  };
}

const undoJob = (activityType: string, step: ActivityJob): ActivityJob =>
  job(activityType, { scheduledEventId: step.scheduledEventId + 10, undoOf: { key: step.key, activityType: step.activityType } });

/** Takes an attempt to a point, or to its end. Answers where it has been. */
async function advanceTo(attempt: SimulatedAttempt<Shop>, point = 'ended'): Promise<string[]> {
  const seen = [attempt.point];
  while (attempt.point !== point) {
    if (attempt.isWaiting || seen.length > 30) throw new Error(`It does not come to "${point}": ${seen.join(', ')}`);
    await attempt.advance();
    seen.push(attempt.point);
  }
  return seen;
}

async function run(services: SimulatedServices<Shop>, theJob: ActivityJob): Promise<SimulatedAttempt<Shop>> {
  const attempt = services.begin(theJob);
  await advanceTo(attempt);
  return attempt;
}

const sell = transaction<Shop>((state) => {
  if (state.stock === 0) throw ApplicationFailure.nonRetryable('Out of stock', 'OutOfStock');
  state.stock -= 1;
  return { left: state.stock };
});

describe('a simulated transactional activity', () => {
  it('given a step, when it is taken from point to point, then its effect is seen once it has committed', async () => {
    const services = servicesOf({ sell });
    const attempt = services.begin(job('sell'));
    expect(await advanceTo(attempt, 'effect')).toEqual(['begun', 'effect']);
    expect([services.state.stock, services.inbox.row('run-1/5')]).toEqual([3, undefined]);
    await attempt.advance();
    expect([attempt.point, services.state.stock, attempt.ended]).toEqual(['committed', 2, undefined]);
    await attempt.advance();
    expect(attempt.ended).toEqual({ outcome: { status: 'completed', result: { left: 2 } } });
  });

  it('given a plain function, when it is an activity, then it is a transactional one', async () => {
    const services = servicesOf({ sell: (state) => void (state.stock -= 1) });
    expect((await run(services, job('sell'))).ended).toEqual({ outcome: { status: 'completed', result: null } });
    expect(services.state.stock).toBe(2);
  });

  it.each([
    ['begun', 2],
    ['effect', 2],
    ['committed', 2],
  ])('given a worker that dies at "%s", when the job is delivered again, then there is one effect', async (point, stock) => {
    const services = servicesOf({ sell });
    const first = services.begin(job('sell'));
    await advanceTo(first, point);
    first.crash();
    await first.advance();
    expect(first.ended).toBeUndefined();
    const second = await run(services, job('sell'));
    expect(second.ended).toEqual({ outcome: { status: 'completed', result: { left: 2 } }, ...(point === 'committed' ? { repeated: true } : {}) });
    expect(services.state.stock).toBe(stock);
  });

  it('given a handler that throws, when it has, then nothing is kept, and it is told', async () => {
    const services = servicesOf({
      half: transaction((state) => {
        state.stock = 0;
        throw ApplicationFailure.nonRetryable('No.', 'Refused');
      }),
    });
    const attempt = services.begin(job('half'));
    expect(await advanceTo(attempt)).toEqual(['begun', 'failed', 'ended']);
    expect(attempt.ended?.outcome).toMatchObject({ status: 'failed', failure: { message: 'No.', applicationFailureInfo: { type: 'Refused', nonRetryable: true } } });
    expect([services.state.stock, services.inbox.row('run-1/5')]).toEqual([3, undefined]);
  });

  it('given two transactions at once, when both have ended, then neither has lost what the other did', async () => {
    const services = servicesOf({ sell });
    const [first, second] = [services.begin(job('sell')), services.begin(job('sell', { scheduledEventId: 6 }))];
    await advanceTo(first, 'effect');
    await advanceTo(second, 'effect');
    await advanceTo(second);
    await advanceTo(first);
    expect(services.state.stock).toBe(1);
    expect(first.ended?.outcome).toEqual({ status: 'completed', result: { left: 1 } });
  });

  it('given a second delivery, when the first is running, then it waits, and repeats the result', async () => {
    const services = servicesOf({ sell });
    const [first, second] = [services.begin(job('sell')), services.begin(job('sell', { dispatch: 2 }))];
    await advanceTo(first, 'effect');
    expect(second.isWaiting).toBe(true);
    await second.advance();
    expect(second.point).toBe('begun');
    await advanceTo(first);
    expect(await advanceTo(second)).toEqual(['begun', 'repeated', 'ended']);
    expect(services.state.stock).toBe(2);
  });

  it('given a time-out before the commit, when it has run out, then nothing is kept; after the commit, then it changes nothing', async () => {
    const services = servicesOf({ sell });
    const late = services.begin(job('sell'));
    await advanceTo(late, 'effect');
    late.timeOut('START_TO_CLOSE');
    expect(late.ended?.outcome).toMatchObject({ status: 'failed', failure: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } });
    expect([late.isZombie, services.state.stock]).toEqual([false, 3]);
    const second = services.begin(job('sell', { attempt: 2 }));
    await advanceTo(second, 'committed');
    second.timeOut('START_TO_CLOSE');
    await second.advance();
    expect(second.ended?.outcome.status).toBe('completed');
  });

  it('given a step and its undo, when the undo has run, then the step is refused, also before it ever ran', async () => {
    const services = servicesOf({ sell, giveBack: transaction((state, _input, { info }) => void (info.undo?.step === 'completed' && (state.stock += 1))) });
    await run(services, job('sell'));
    await run(services, undoJob('giveBack', job('sell')));
    const late = await run(services, job('sell', { dispatch: 2 }));
    expect(late.ended?.outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
    const never = job('sell', { scheduledEventId: 7 });
    await run(services, undoJob('giveBack', never));
    expect((await run(services, never)).ended?.outcome.status).toBe('failed');
    expect(services.state.stock).toBe(3);
  });

  it('given an activity that nobody serves, when it is taken, then it may be tried again', async () => {
    const attempt = await run(servicesOf({}), job('toString'));
    expect(attempt.ended?.outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.activityNotRegistered, nonRetryable: false } } });
  });
});

describe('a simulated external activity', () => {
  const charge = external<Shop>(async (state, _input, context) => {
    if (!state.charges.includes(context.key)) state.charges.push(context.key);
    await context.pause('charged');
    return 'charged';
  });

  it('given a worker that dies after the effect, when the job is delivered again, then the handler knows that it began before', async () => {
    const infos: boolean[] = [];
    const services = servicesOf({
      charge: external((state, _input, { info }) => {
        infos.push(info.startedBefore);
        state.charges.push(info.key);
      }),
    });
    const first = services.begin(job('charge'));
    expect(await advanceTo(first, 'effect')).toEqual(['begun', 'claimed', 'effect']);
    first.crash();
    expect(services.state.charges).toHaveLength(1);
    await run(services, job('charge'));
    expect([services.state.charges.length, infos]).toEqual([2, [false, true]]);
  });

  it('given slices and a checkpoint, when the worker dies between them, then what has committed stays and the next attempt is told', async () => {
    const checkpoints: (JsonValue | undefined)[] = [];
    const services = servicesOf({
      slices: external(async (_state, _input, context) => {
        checkpoints.push(context.info.checkpoint);
        await context.transaction((state) => void state.rows.push(1), { checkpoint: { rows: 1 } });
        await context.transaction((state) => state.rows.push(2), { checkpoint: (rows) => ({ rows }) });
        await context.completeWith((state) => state.rows.push(3));
      }),
    });
    const first = services.begin(job('slices'));
    expect(await advanceTo(first, 'slice-2')).toEqual(['begun', 'claimed', 'slice-1', 'slice-1-committed', 'slice-2']);
    first.crash();
    expect(services.state.rows).toEqual([1]);
    const second = services.begin(job('slices'));
    await advanceTo(second, 'slice-3');
    expect(services.inbox.row('run-1/5')).toMatchObject({ state: 'started', checkpoint: { rows: 3 } });
    expect(await advanceTo(second)).toEqual(['slice-3', 'committed', 'ended']);
    expect(second.ended?.outcome).toEqual({ status: 'completed', result: 4 });
    expect(checkpoints).toEqual([undefined, { rows: 1 }]);
  });

  it('given a time-out, when the handler goes on, then its effects outside happen and its slices are refused', async () => {
    let thrown: unknown;
    const services = servicesOf({
      late: external(async (state, _input, context) => {
        await context.pause();
        state.charges.push('late');
        await context.transaction((draft) => void draft.rows.push(1)).catch((error: unknown) => (thrown = error));
      }),
    });
    const attempt = services.begin(job('late'));
    await advanceTo(attempt, 'pause-1');
    attempt.timeOut('START_TO_CLOSE');
    expect([attempt.isZombie, attempt.ended?.outcome.status]).toEqual([true, 'failed']);
    await attempt.advance();
    expect([attempt.isZombie, services.state]).toEqual([false, { stock: 3, charges: ['late'], rows: [] }]);
    expect(thrown).toMatchObject({ code: 'ATTEMPT_ENDED' });
  });

  it('given a running step, when its undo comes, then it waits; and once the worker is dead, then it is told that the step began', async () => {
    const undone: unknown[] = [];
    const services = servicesOf({ charge, refund: external((_state, _input, { info }) => void undone.push(info.undo?.step)) });
    const attempt = services.begin(job('charge'));
    await advanceTo(attempt, 'charged');
    const undo = services.begin(undoJob('refund', job('charge')));
    expect(undo.isWaiting).toBe(true);
    attempt.crash();
    await advanceTo(undo);
    expect(undone).toEqual(['started']);
    expect((await run(services, job('charge'))).ended?.outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
  });

  it('given a request to cancel, when the handler sleeps, then it is over, and told as canceled', async () => {
    const services = servicesOf({ sleep: external(async (_state, _input, context) => context.sleep(5_000)) });
    const attempt = services.begin(job('sleep'));
    await advanceTo(attempt, 'sleep-1');
    expect(attempt.wakeAtMs).toBe(6_000);
    attempt.requestCancel();
    expect(attempt.wakeAtMs).toBeUndefined();
    await advanceTo(attempt);
    expect(attempt.ended?.outcome).toEqual({ status: 'canceled', details: [] });
    const own = servicesOf({ own: external(() => Promise.reject(new CancelledFailure('by itself', ['why']))) });
    expect((await run(own, job('own'))).ended?.outcome).toEqual({ status: 'canceled', details: ['why'] });
  });

  it('given transactions of others, when an external handler holds a part of the state, then both are seen', async () => {
    const services = servicesOf({
      sell,
      charge: external(async (state, _input, context) => {
        const { charges } = state;
        charges.push('first');
        await context.pause();
        charges.push('second');
      }),
    });
    const charging = services.begin(job('charge'));
    await advanceTo(charging, 'pause-1');
    await run(services, job('sell', { scheduledEventId: 6 }));
    await advanceTo(charging);
    expect(services.state).toEqual({ stock: 2, charges: ['first', 'second'], rows: [] });
  });
});

describe('a simulated resumable activity', () => {
  const load = resumable<Shop, number>(async (state, total, context) => {
    for (let row = Number(context.info.checkpoint ?? 0) + 1; row <= total; row += 1) {
      state.rows.push(row);
      context.heartbeat(row);
      await context.commit(row);
    }
    return state.rows.length;
  });
  const loading = job('load', { input: [3] });

  it('given slices, when the worker dies before one commits, then the next attempt goes on where the last commit was', async () => {
    const services = servicesOf({ load });
    const first = services.begin(loading);
    expect(await advanceTo(first, 'slice-2')).toEqual(['begun', 'claimed', 'slice-1', 'slice-2']);
    expect(first.takeHeartbeat()).toEqual({ details: 2 });
    expect(first.takeHeartbeat()).toBeUndefined();
    first.crash();
    expect(services.state.rows).toEqual([1]);
    const second = await run(services, { ...loading, dispatch: 2 });
    expect(second.ended?.outcome).toEqual({ status: 'completed', result: 3 });
    expect(services.state.rows).toEqual([1, 2, 3]);
  });

  it('given a job that is delivered again, when its first worker sent heartbeats, then the second is told of the last', async () => {
    const hints: unknown[] = [];
    const services = servicesOf({
      hint: resumable(async (_state, _input, context) => {
        hints.push(context.info.heartbeatDetails);
        context.heartbeat('half');
        await context.commit();
      }),
    });
    const first = services.begin(job('hint'));
    await advanceTo(first, 'slice-1');
    first.crash();
    await run(services, job('hint'));
    await run(services, job('hint', { scheduledEventId: 6, heartbeatDetails: 'of an earlier attempt' }));
    expect(hints).toEqual([undefined, 'half', 'of an earlier attempt']);
  });

  it('given others that commit meanwhile, when it commits, then what they did elsewhere stays, and what clashes makes it fail', async () => {
    const services = servicesOf({ load, sell, wipe: transaction((state) => void (state.rows = [9])) });
    const attempt = services.begin(loading);
    await advanceTo(attempt, 'slice-1');
    await run(services, job('sell', { scheduledEventId: 6 }));
    await advanceTo(attempt, 'slice-2');
    expect(services.state).toMatchObject({ stock: 2, rows: [1] });
    await run(services, job('wipe', { scheduledEventId: 7 }));
    await advanceTo(attempt);
    expect(attempt.ended).toMatchObject({ heartbeatDetails: 2, outcome: { status: 'failed', failure: { applicationFailureInfo: { type: 'TransactionConflictError', nonRetryable: false } } } });
    expect(services.state).toMatchObject({ stock: 2, rows: [9] });
  });
});

describe('a defect that a test has planted', () => {
  it('given an inbox outside of the transaction, when the worker dies in between, then the effect happens twice', async () => {
    const services = servicesOf({ sell: withDefect(sell, 'inboxOutsideTransaction') });
    const first = services.begin(job('sell'));
    await advanceTo(first, 'effect');
    first.crash();
    await run(services, job('sell'));
    expect(services.state.stock).toBe(1);
  });

  it('given an undo without a tombstone, when the step comes late, then it runs', async () => {
    const services = servicesOf({ sell, giveBack: withDefect(transaction(() => undefined), 'noTombstone') });
    await run(services, undoJob('giveBack', job('sell')));
    await run(services, job('sell'));
    expect(services.state.stock).toBe(2);
  });
});
