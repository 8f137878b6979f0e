import { setImmediate } from 'node:timers';
import { ManualClock } from '../manual-clock.js';
import type { Decider } from './decider.js';
import { EventQueue, type QueuedEvent } from './event-queue.js';
import { FAULTS, type FaultKind, type MessageEvent, type ScheduleEvent } from './schedule.js';

/** A point of a course of things, and what could go wrong there. */
export interface Point {
  readonly at: string;
  readonly possible: readonly FaultKind[];
  /** There is a run that a message can be sent to. */
  readonly isReachable: boolean;
}

/** A sentence of the story. */
export interface StoryLine {
  readonly atMs: number;
  readonly text: string;
  /** The schedule wanted it. */
  readonly isEvent: boolean;
}

/** Between two steps of anything, where nothing takes longer. */
const HOP_MS = 1;

/**
 * One course of things in simulated time: what is to happen next, which points were passed, and what went wrong at them.
 *
 * Nothing happens by itself: between two events everything has come to rest, so what happens depends on the schedule alone, and not on how fast the machine is.
 */
export class Course {
  readonly clock = new ManualClock();
  readonly queue = new EventQueue();
  readonly points: Point[] = [];
  readonly taken: ScheduleEvent[] = [];
  readonly story: StoryLine[] = [];
  readonly beganAtMs = this.clock.now();
  /** Told of each point before anything goes wrong there, once there is a run that messages can reach. */
  onPoint: ((at: string) => void) | undefined;
  readonly #counts = new Map<string, number>();

  constructor(readonly decider: Decider) {}

  /**
   * A point is passed.
   * @param name of what happens; the second one of that name is called `name#2`
   * @param subject completed to a sentence by what goes wrong
   */
  pass(name: string, possible: readonly FaultKind[], subject: () => string): FaultKind | undefined {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const at = count === 1 ? name : `${name}#${count}`;
    this.points.push({ at, possible, isReachable: this.onPoint !== undefined });
    this.onPoint?.(at);
    const fault = this.decider.fault(at, possible);
    if (fault !== undefined) {
      this.taken.push({ at, what: fault });
      this.tell(`${subject()}: ${FAULTS[fault]}`, true);
    }
    return fault;
  }

  messageSent(at: string, what: MessageEvent): void {
    this.taken.push({ at, what });
  }

  /** Something worth telling happens. */
  tell(text: string, isEvent = false): void {
    this.story.push({ atMs: this.clock.now() - this.beganAtMs, text: text.endsWith('.') ? text : `${text}.`, isEvent });
  }

  /** After so much simulated time; at least a hop. */
  later(delayMs: number, run: () => void | Promise<void>): QueuedEvent {
    return this.queue.add(this.clock.now() + Math.max(HOP_MS, delayMs), run);
  }

  /** At that time, or now if it has passed. */
  at(timeMs: number, run: () => void | Promise<void>): QueuedEvent {
    return this.queue.add(Math.max(this.clock.now(), timeMs), run);
  }

  cancel(event: QueuedEvent | undefined): void {
    this.queue.cancel(event);
  }
}

/** Never resolves: what waits for a process that is gone. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Resolves when all that can go on has gone on. Nothing in a course of things waits for anything but promises. */
export async function atRest(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
