import { SeededIds } from '../seeded-ids.js';
import { isMessageEvent, type FaultKind, type MessageEvent, type Schedule } from './schedule.js';

/** The point that a course of things is said to pass when nothing else is left to do. */
export const END_POINT = 'end';

/** Says what happens at the points of one course of things. */
export interface Decider {
  /** What goes wrong here, if anything. */
  fault(at: string, possible: readonly FaultKind[]): FaultKind | undefined;
  /** Whether this message is sent here. */
  sends(at: string, message: MessageEvent): boolean;
  /** Whether this message is sent at a point, instead of at its own time. */
  defers(message: MessageEvent): boolean;
}

/** Does what a schedule says, and nothing else. */
export class ScriptedDecider implements Decider {
  readonly #faults = new Map<string, FaultKind>();
  readonly #messages = new Map<MessageEvent, string>();

  constructor({ events }: Schedule) {
    for (const { at, what } of events) {
      if (isMessageEvent(what)) {
        this.#messages.set(what, at);
      } else {
        this.#faults.set(at, what);
      }
    }
  }

  fault(at: string, possible: readonly FaultKind[]): FaultKind | undefined {
    const fault = this.#faults.get(at);
    return fault !== undefined && possible.includes(fault) ? fault : undefined;
  }

  sends(at: string, message: MessageEvent): boolean {
    return this.#messages.get(message) === at;
  }

  defers(message: MessageEvent): boolean {
    return this.#messages.has(message);
  }
}

/** Most faults of one random schedule: enough for what needs several to go wrong, few enough that every course of things ends. */
const RANDOM_FAULTS_MAX = 8;
/** How many of the random schedules have a step that is refused: without, the undos would hardly ever be seen. */
const REFUSED_SHARE = 0.5;
/** How many of the messages come at a random point, instead of at their time. */
const DEFERRED_SHARE = 0.75;
/** Courses of things that go wrong are longer than smooth ones. */
const LONGER = 1.5;

/** What random schedules are drawn from: the smooth course of things. */
export interface SmoothCourse {
  /** How many points it passes. */
  points: number;
  /** Points at which a step can be refused. */
  refusable: readonly string[];
}

/** Draws what goes wrong from a seed. */
export class RandomDecider implements Decider {
  readonly #random: SeededIds;
  readonly #rate: number;
  readonly #messageRate: number;
  readonly #refusedAt: string | undefined;
  readonly #deferred = new Map<MessageEvent, boolean>();
  #left: number;

  constructor(
    readonly seed: number,
    readonly allowed: ReadonlySet<FaultKind>,
    { points, refusable }: SmoothCourse,
  ) {
    this.#random = new SeededIds(seed);
    this.#left = 1 + Math.floor(this.#random.random() * RANDOM_FAULTS_MAX);
    this.#rate = this.#left / (points * LONGER);
    this.#messageRate = 1 / points;
    const isRefused = allowed.has('refused') && this.#random.random() < REFUSED_SHARE;
    this.#refusedAt = isRefused ? refusable[this.#pick(refusable.length)] : undefined;
  }

  fault(at: string, possible: readonly FaultKind[]): FaultKind | undefined {
    if (at === this.#refusedAt && possible.includes('refused')) {
      return 'refused';
    }
    if (this.#left === 0 || this.#random.random() >= this.#rate) {
      return undefined;
    }
    const choices = possible.filter((fault) => this.allowed.has(fault) && fault !== 'refused');
    if (choices.length === 0) {
      return undefined;
    }
    this.#left -= 1;
    return choices[this.#pick(choices.length)];
  }

  sends(_at: string, _message: MessageEvent): boolean {
    return this.#random.random() < this.#messageRate;
  }

  defers(message: MessageEvent): boolean {
    let deferred = this.#deferred.get(message);
    if (deferred === undefined) {
      deferred = this.#random.random() < DEFERRED_SHARE;
      this.#deferred.set(message, deferred);
    }
    return deferred;
  }

  #pick(count: number): number {
    return Math.floor(this.#random.random() * count);
  }
}
