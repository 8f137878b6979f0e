import { OverloadedError } from '@backstitch/protocol';
import type { ResolvedAdmissionOptions } from './admission-options.js';
import type { OpenActivities } from './open-activities.js';
import { RetryAdvice } from './retry-advice.js';

export type RefusalReason = 'openActivities' | 'startsUnderWay' | 'waitingMessages' | 'eventLoopDelay';

export interface StartAdmissionDependencies {
  open: OpenActivities;
  waitingMessages: () => number;
  eventLoopDelayMs: () => number;
  /** The limit on open activities is shared evenly among them. */
  liveReplicas: () => number;
  nowMs: () => number;
  random: () => number;
  onRefused: (reason: RefusalReason) => void;
}

/** What was open when this replica started counts for so long at most, even where recovery has not come to it. */
const UNSEEN_FOR_MS_MAX = 30_000;

/**
 * Decides whether starts from outside are taken. Two questions, so that a flood costs little: `check` before a request's body is read, `admit` once it is
 * known how many there are.
 *
 * A call is taken whole or refused whole, before anything is done: whoever is refused knows that nothing was started. It is taken as long as there is any
 * room, so the limits are exceeded by one call at most.
 */
export class StartAdmission {
  readonly #dependencies: StartAdmissionDependencies;
  readonly #options: ResolvedAdmissionOptions;
  readonly #advice: RetryAdvice;
  #startsUnderWay = 0;
  #unseen = 0;
  #unseenUntilMs = 0;

  constructor(options: ResolvedAdmissionOptions, dependencies: StartAdmissionDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#advice = new RetryAdvice(dependencies.nowMs, dependencies.random);
  }

  /** @throws OverloadedError */
  check(): void {
    const reason = this.#refusal();
    if (reason === undefined) return;
    const { open, onRefused } = this.#dependencies;
    onRefused(reason);
    const limit = reason === 'openActivities' ? this.#openActivitiesMax : this.#options.startsUnderWayMax;
    throw new OverloadedError(this.#advice.retryAfterMs(open.answered, limit));
  }

  /**
   * Takes so many starts.
   * @returns to be called once they are committed, or have failed
   * @throws OverloadedError
   */
  admit(starts: number): () => void {
    this.check();
    this.#startsUnderWay += starts;
    let isUnderWay = true;
    return () => {
      if (isUnderWay) this.#startsUnderWay -= starts;
      isUnderWay = false;
    };
  }

  /** So many activities were open before this replica started; recovery or an outcome tells which they are. */
  expect(openActivities: number): void {
    this.#unseen = openActivities;
    this.#unseenUntilMs = this.#dependencies.nowMs() + UNSEEN_FOR_MS_MAX;
  }

  /** A run with so many open activities was read: they are counted for themselves from now on. */
  seen(openActivities: number): void {
    this.#unseen = Math.max(0, this.#unseen - openActivities);
  }

  get #openActivitiesMax(): number {
    return Math.ceil(this.#options.openActivitiesMax / Math.max(1, this.#dependencies.liveReplicas()));
  }

  #refusal(): RefusalReason | undefined {
    const { open, waitingMessages, eventLoopDelayMs, nowMs } = this.#dependencies;
    const { startsUnderWayMax, waitingMessagesMax, eventLoopDelayMaxMs } = this.#options;
    if (this.#unseen > 0 && nowMs() > this.#unseenUntilMs) this.#unseen = 0;
    // A start that is under way will most likely schedule an activity.
    if (open.fullest + this.#startsUnderWay + this.#unseen >= this.#openActivitiesMax) return 'openActivities';
    if (this.#startsUnderWay >= startsUnderWayMax) return 'startsUnderWay';
    if (waitingMessages() >= waitingMessagesMax) return 'waitingMessages';
    if (eventLoopDelayMs() >= eventLoopDelayMaxMs) return 'eventLoopDelay';
    return undefined;
  }
}
