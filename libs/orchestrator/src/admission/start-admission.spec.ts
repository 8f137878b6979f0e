import { beforeEach, describe, expect, it } from '@jest/globals';
import { OverloadedError } from '@backstitch/protocol';
import type { RunRecord } from '@backstitch/engine';
import { ADMISSION_DEFAULTS, admissionFault } from './admission-options.js';
import { OpenActivities } from './open-activities.js';
import { StartAdmission } from './start-admission.js';

const LIMITS = { openActivitiesMax: 10, startsUnderWayMax: 4, waitingMessagesMax: 100, eventLoopDelayMaxMs: 50 };

let world: { nowMs: number; waitingMessages: number; eventLoopDelayMs: number; liveReplicas: number; random: number };
let refused: string[];
let open: OpenActivities;
let admission: StartAdmission;

beforeEach(() => {
  world = { nowMs: 0, waitingMessages: 0, eventLoopDelayMs: 0, liveReplicas: 1, random: 0.5 };
  refused = [];
  open = new OpenActivities(() => world.nowMs);
  admission = new StartAdmission(LIMITS, {
    open,
    waitingMessages: () => world.waitingMessages,
    eventLoopDelayMs: () => world.eventLoopDelayMs,
    liveReplicas: () => world.liveReplicas,
    nowMs: () => world.nowMs,
    random: () => world.random,
    onRefused: (reason) => refused.push(reason),
  });
});

let runs = 0;
/** So many runs wait for the first answer of one activity. */
function openOn(taskQueue: string, count: number): string[] {
  return Array.from({ length: count }, () => {
    const runId = `run-${(runs += 1)}`;
    const event = { eventId: 5, eventType: 'ACTIVITY_TASK_SCHEDULED', attributes: { taskQueue } } as never;
    open.committed({ record: { runId, nextEventId: 6, status: 'RUNNING' } as RunRecord, events: [event], upsertAttempts: [] });
    return runId;
  });
}

function refusal(): OverloadedError | undefined {
  try {
    admission.check();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(OverloadedError);
    return error as OverloadedError;
  }
}

describe('StartAdmission', () => {
  it('given queues below the limit, however much they have together, when starts come, then they are taken', () => {
    ['a', 'b', 'c'].forEach((queue) => openOn(queue, 9));
    expect(refusal()).toBeUndefined();
  });

  it('given one queue at the limit, when a start comes, then it is refused until an activity is answered', () => {
    const [first] = openOn('stock', 10);
    expect(refusal()).toBeDefined();
    expect(() => admission.admit(1)).toThrow(OverloadedError);
    open.forget(first!);
    expect(refusal()).toBeUndefined();
    expect(refused).toEqual(['openActivities', 'openActivities']);
  });

  it('given room for one, when a bulk of many comes, then it is taken whole, and the next is refused until those are committed', () => {
    openOn('stock', 9);
    const committed = admission.admit(500);
    expect(refusal()).toBeDefined();
    committed();
    committed();
    expect(refusal()).toBeUndefined();
  });

  it('given as many starts under way as are allowed, when more come, then they are refused', () => {
    const [committed] = [admission.admit(2), admission.admit(2)];
    expect(refusal()).toBeDefined();
    committed!();
    expect(refusal()).toBeUndefined();
    expect(refused).toEqual(['startsUnderWay']);
  });

  it.each([
    ['messages that wait', { waitingMessages: 100 }, 'waitingMessages'],
    ['an event loop that is late', { eventLoopDelayMs: 50 }, 'eventLoopDelay'],
  ])('given %s, when a start comes, then it is refused', (_what, change, reason) => {
    Object.assign(world, change);
    expect(refusal()).toBeDefined();
    expect(refused).toEqual([reason]);
  });

  it('given two replicas, when one holds half of the limit, then it refuses', () => {
    openOn('stock', 5);
    expect(refusal()).toBeUndefined();
    world.liveReplicas = 2;
    expect(refusal()).toBeDefined();
  });

  it('given much that was open before the start, when starts come, then they are refused until recovery has seen enough of it, or half a minute is over', () => {
    admission.expect(12);
    expect(refusal()).toBeDefined();
    admission.seen(2);
    expect(refusal()).toBeDefined();
    admission.seen(1);
    expect(refusal()).toBeUndefined();
    admission.expect(12);
    world.nowMs = 30_001;
    expect(refusal()).toBeUndefined();
  });

  it('given a queue that is worked off, when a start is refused, then the advice is the time in which a tenth of the limit comes free, spread by half of it', () => {
    const ids = openOn('stock', 14);
    ids.slice(0, 1).forEach((id) => open.forget(id));
    world.nowMs = 4_000;
    // A quarter of an activity in a second: one, a tenth of the limit, takes four.
    const advised = [0, 0.5, 0.999].map((random) => {
      world.random = random;
      return refusal()!.retryAfterMs;
    });
    expect(advised).toEqual([2_000, 4_000, 5_996]);
  });

  it('given nobody who answers, when a start is refused, then the advice is bounded', () => {
    openOn('stock', 10);
    world.nowMs = 10_000;
    expect(refusal()!.retryAfterMs).toBe(20_000);
  });

  it('given a pace that nobody looked at for long, when a start is refused, then the advice is the shortest until it is known again', () => {
    openOn('stock', 10);
    world.nowMs = 3_600_000;
    expect(refusal()!.retryAfterMs).toBe(1_000);
    world.nowMs += 2_000;
    expect(refusal()!.retryAfterMs).toBe(20_000);
  });
});

describe('the options of admission', () => {
  it('given a limit that is no positive number, when it is looked at, then it is named', () => {
    expect(admissionFault(ADMISSION_DEFAULTS)).toBeUndefined();
    expect(admissionFault({ ...ADMISSION_DEFAULTS, openActivitiesMax: 0 })).toContain('openActivitiesMax');
    expect(admissionFault({ ...ADMISSION_DEFAULTS, eventLoopDelayMaxMs: Number.NaN })).toContain('eventLoopDelayMaxMs');
  });
});
