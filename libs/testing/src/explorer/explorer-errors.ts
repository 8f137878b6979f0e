import type { Schedule } from './schedule.js';

/** How a course of things went wrong. */
export type ExploreFailureKind =
  /** The invariant threw, or gave a text. */
  | 'invariant'
  /** The run is open, nothing is pending, and no incident tells a person of it (law L7). */
  | 'stuck'
  /** It was over, and an incident was open. */
  | 'incident'
  /** It had not ended after the most steps, or the longest time, that a schedule gets. */
  | 'endless'
  /** The engine could not handle something. A defect of Backstitch, not of the workflow. */
  | 'engine';

/** A course of things that went wrong: the shortest one that was found. */
export interface ExploreFailure {
  kind: ExploreFailureKind;
  /** What is wrong, in a sentence. */
  message: string;
  /** Of the schedule that failed first: `replay: seed` plays that one. */
  seed: number;
  /** What has to happen for it. */
  schedule: Schedule;
  /** `schedule` as one line, for `replay`. */
  replay: string;
  /** What happened, in at most 15 sentences. */
  story: readonly string[];
  /** Schedule, story and how to play it again, for a person. */
  text: string;
  /** What the invariant threw, if it did. */
  error?: unknown;
}

/** The explorer found a course of things at whose end the invariant does not hold, or that does not come to an end as it must. */
export class InvariantBrokenError extends Error {
  override readonly name = 'InvariantBrokenError';
  readonly code = 'INVARIANT_BROKEN';
  constructor(readonly failure: ExploreFailure) {
    super(failure.text, failure.error === undefined ? undefined : { cause: failure.error });
  }
}

/** A text given as `replay` is no schedule. */
export class ScheduleTextError extends Error {
  override readonly name = 'ScheduleTextError';
  readonly code = 'SCHEDULE_TEXT';
  constructor(
    readonly text: string,
    readonly reason: string,
  ) {
    super(`"${text}" is no schedule: ${reason}.`);
  }
}

/** A schedule names a point that its course of things does not pass: the workflow, or what it calls, has changed since. */
export class ScheduleNotFollowedError extends Error {
  override readonly name = 'ScheduleNotFollowedError';
  readonly code = 'SCHEDULE_NOT_FOLLOWED';
  constructor(
    readonly schedule: Schedule,
    readonly missing: readonly string[],
  ) {
    super(`The schedule cannot be followed: its course of things does not pass ${missing.map((at) => `"${at}"`).join(', ')}. The workflow or its activities have changed since it was printed.`);
  }
}

/** An option of `explore` makes no sense. */
export class ExploreOptionError extends Error {
  override readonly name = 'ExploreOptionError';
  readonly code = 'EXPLORE_OPTION';
  constructor(
    readonly option: string,
    readonly reason: string,
  ) {
    super(`The option "${option}" ${reason}.`);
  }
}

/** An activity waits for something that is not simulated: a network, a file, a timer of Node. */
export class ActivityStandsStillError extends Error {
  override readonly name = 'ActivityStandsStillError';
  readonly code = 'ACTIVITY_STANDS_STILL';
  constructor() {
    super('An activity has not come back for 10 seconds of real time. In the explorer an activity works on the state that it is given, and waits by context.sleep.');
  }
}

/** A thread of an exploration has played no schedule for two minutes: workflow code, or a handler, loops without end. */
export class ExplorationHangsError extends Error {
  override readonly name = 'ExplorationHangsError';
  readonly code = 'EXPLORATION_HANGS';
  constructor() {
    super('A thread of the exploration has not come to the end of a schedule for two minutes: the workflow’s code, a handler or the invariant loops without end.');
  }
}
