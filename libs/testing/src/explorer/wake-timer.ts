import type { EngineSurface, RunRecord } from '@backstitch/engine';
import type { Course } from './course.js';
import type { QueuedEvent } from './event-queue.js';
import type { FaultKind } from './schedule.js';

/** How late a timer goes off that is late. */
const LATE_MS = 20_000;
/** Pause before a run is woken again that is due still. */
const NO_PROGRESS_MS = 1_000;

const TIMER_FAULTS: readonly FaultKind[] = ['timer-late'];

/** One timer for all runs, as the orchestrator's host has it: armed to the earliest time at which one of them wants to be woken. */
export class WakeTimer {
  #armed: { atMs: number; event: QueuedEvent } | undefined;

  constructor(
    private readonly course: Course,
    private readonly openRuns: () => readonly RunRecord[],
    private readonly ask: (request: (engine: EngineSurface) => Promise<unknown>) => void,
  ) {}

  /** Goes off no later than at this time. */
  arm(wakeAtMs: number): void {
    if (this.#armed === undefined || wakeAtMs < this.#armed.atMs) {
      this.course.cancel(this.#armed?.event);
      this.#armed = { atMs: wakeAtMs, event: this.course.at(wakeAtMs, () => this.#fire()) };
    }
  }

  #fire(): void {
    this.#armed = undefined;
    if (this.#due().length === 0) {
      this.#armToNext();
    } else if (this.course.pass('timer', TIMER_FAULTS, () => "The orchestrator's timer") === 'timer-late') {
      this.course.later(LATE_MS, () => this.#wake());
    } else {
      this.#wake();
    }
  }

  #wake(): void {
    const due = this.#due();
    if (due.length === 0) {
      this.#armToNext();
      return;
    }
    this.ask(async (engine) => {
      await engine.wake(due);
      this.#armToNext();
    });
  }

  #due(): string[] {
    const nowMs = this.course.clock.now();
    return this.openRuns().filter(({ wakeAtMs = Infinity }) => wakeAtMs <= nowMs).map(({ runId }) => runId);
  }

  #armToNext(): void {
    const nowMs = this.course.clock.now();
    const earliestMs = Math.min(...this.openRuns().map(({ wakeAtMs = Infinity }) => wakeAtMs));
    if (earliestMs < Infinity) {
      this.arm(earliestMs <= nowMs ? nowMs + NO_PROGRESS_MS : earliestMs);
    }
  }
}
