import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError, type ActivityJob, type ActivityOutcome } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { SeededIds } from '../seeded-ids.js';
import { orderScript, refusal } from './order-script.js';

const ORDERS = 6;
const STEPS = 150;
const UNDO_OF: Record<string, string> = { reserveStock: 'releaseStock', chargePayment: 'refundPayment', shipOrder: 'cancelShipment' };

/** An engine among services, a store, queues and crashes that all misbehave as the seed says. */
class Mishaps {
  readonly kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }), { cachedRunsMax: 3, batchRunsMax: 4 });
  readonly #random: SeededIds;
  /** Outcomes that were sent before, to be sent again. */
  readonly #sent: ActivityOutcome[] = [];
  /** What a service answers once it has answered for good: the inbox keeps it. */
  readonly #inbox = new Map<string, ActivityOutcome['outcome']>();

  constructor(seed: number) {
    this.#random = new SeededIds(seed);
  }

  async play(): Promise<void> {
    for (let order = 0; order < ORDERS; order += 1) {
      await this.#persist(() => this.kit.start('order', `order-${order}`, order));
    }
    for (let step = 0; step < STEPS; step += 1) {
      await this.#mishap();
    }
    this.kit.dispatcher.unreachable = false;
    for (let round = 0; round < 100 && this.kit.store.runIdsWithOpenActivities().length > 0; round += 1) {
      this.kit.clock.advance(120_000);
      await this.#persist(() => this.kit.engine.wake(this.kit.store.runIdsDue(this.kit.clock.now())));
      await this.#persist(() => this.kit.engine.redispatch(this.kit.store.runIdsWithOpenActivities()));
      await this.kit.settled();
      while (this.kit.dispatcher.waiting().length > 0) {
        await this.#answer(this.kit.dispatcher.take(), 'final');
      }
    }
  }

  async #mishap(): Promise<void> {
    const { kit } = this;
    const choice = this.#pick(100);
    if (choice < 60 && kit.dispatcher.waiting().length > 0) {
      const waiting = kit.dispatcher.waiting();
      const { activityType } = waiting[this.#pick(waiting.length)]!.job;
      await this.#answer(kit.dispatcher.take(activityType), 'any');
    } else if (choice < 68 && this.#sent.length > 0) {
      await this.#persist(() => kit.engine.deliver([this.#sent[this.#pick(this.#sent.length)]!]));
    } else if (choice < 76) {
      kit.store.failNextCommit(choice % 2 === 0 ? 'before' : 'after');
    } else if (choice < 82) {
      await kit.restart();
    } else if (choice < 87) {
      kit.dispatcher.flush();
    } else if (choice < 92) {
      await this.#persist(() => kit.engine.redispatch(kit.store.runIdsWithOpenActivities()));
    } else if (choice < 95) {
      kit.dispatcher.unreachable = !kit.dispatcher.unreachable;
    } else {
      await this.#persist(() => kit.engine.wake(kit.store.runIdsDue(kit.clock.now())));
      kit.clock.advance(30_000);
    }
    await kit.settled();
  }

  async #answer(job: ActivityJob, mode: 'any' | 'final'): Promise<void> {
    const outcome = this.kit.outcomeOf(job, this.#inbox.get(job.key) ?? this.#decide(job, mode));
    this.#sent.push(outcome);
    await this.#persist(() => this.kit.engine.deliver([outcome]));
    await this.kit.settled();
  }

  #decide(job: ActivityJob, mode: 'any' | 'final'): ActivityOutcome['outcome'] {
    if (mode === 'any' && this.#pick(4) === 0) {
      return { status: 'failed', failure: { message: 'try again' } };
    }
    const final: ActivityOutcome['outcome'] =
      job.undoOf === undefined && this.#pick(6) === 0 ? { status: 'failed', failure: refusal('refused') } : { status: 'completed', result: job.activityType };
    this.#inbox.set(job.key, final);
    return final;
  }

  /** Does it again as callers do: a reply job is delivered again, a start is sent again. */
  async #persist(call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await call();
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) {
          throw error;
        }
      }
    }
  }

  #pick(count: number): number {
    return Math.floor(this.#random.random() * count);
  }
}

describe('orders among mishaps', () => {
  it.each(Array.from({ length: 25 }, (_, index) => index + 1))(
    'given services, store and queues that fail at random (seed %i), when all is over, then every order has ended as it must, and its history replays',
    async (seed) => {
      const mishaps = new Mishaps(seed);
      await mishaps.play();
      const { kit } = mishaps;
      for (let order = 0; order < ORDERS; order += 1) {
        const { status, activities, incidents } = await kit.describe(`order-${order}`);
        expect(status).toBe('COMPLETED');
        expect(incidents.filter(({ kind }) => kind !== 'UNDO_DELAYED')).toEqual([]);
        const steps = activities.filter(({ undoOf }) => undoOf === undefined).map(({ activityType }) => activityType);
        const undos = activities.filter(({ undoOf }) => undoOf !== undefined).map(({ activityType }) => activityType);
        const isRefused = activities.some((activity) => activity.status === 'FAILED');
        expect(undos).toEqual(isRefused ? steps.map((step) => UNDO_OF[step]).reverse() : []);
        const { events } = kit.store.storedByWorkflowId(`order-${order}`);
        expect(events.map(({ eventId }) => eventId)).toEqual(events.map((_, index) => index + 1));
        const closed = events.flatMap(({ eventType, attributes }) => (/^ACTIVITY_TASK_(COMPLETED|FAILED)$/.test(eventType) && 'scheduledEventId' in attributes ? [attributes.scheduledEventId] : []));
        expect(new Set(closed).size).toBe(closed.length);
        expect(closed.length).toBe(activities.length);
        expect(kit.store.storedByWorkflowId(`order-${order}`).attempts).toEqual([]);
        await kit.restart();
        expect(await kit.engine.query(`order-${order}`, 'begun', [])).toBe(steps.length);
      }
    },
  );
});
