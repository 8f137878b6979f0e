import { RandomDecider, ScriptedDecider, type SmoothCourse } from './decider.js';
import { ScheduleNotFollowedError, type ExploreFailure } from './explorer-errors.js';
import type { ExploreOptions, ExploreProgress, ExploreReport } from './explore-options.js';
import { play, type Played, type Scene } from './play.js';
import { failureText, storyOf } from './report.js';
import { FAULTS, formatSchedule, isMessageEvent, parseSchedule, type FaultKind, type MessageEvent, type Schedule, type ScheduleEvent } from './schedule.js';
import { shrink } from './shrink.js';

export const DEFAULT_SEED = 1;
const DEFAULT_SCHEDULES = 1_000;

/** Which part of an exploration is played here: every `count`th schedule, from the `index`th one on. */
export interface Share {
  index: number;
  count: number;
  /** Whether a schedule before this one has failed, here or elsewhere: then this one does not matter any more. */
  isIdle: (position: number) => boolean;
  /** This one has failed; what makes it shorter is looked for now. */
  failed: (position: number) => void;
  tell: (progress: ExploreProgress) => void;
}

/** What a part of an exploration came to. */
export interface PartialReport {
  crashPoints: number;
  randomSchedules: number;
  /** Schedules before the numbered ones: the smooth course, and those where one step is refused. */
  courses: number;
  failure?: { position: number; failure: ExploreFailure };
}

/**
 * Plays the schedules of one exploration, in an order that is always the same: the smooth course; those on which one step is refused; every single
 * event at every point of these; random ones. Ends at the first failure.
 */
export class Exploration<State extends object> {
  readonly #seed: number;
  readonly #faults: ReadonlySet<FaultKind>;
  readonly #done = { crashPoints: 0, randomSchedules: 0, courses: 0 };
  #crashPoints = 0;

  constructor(
    private readonly scene: Scene<State>,
    private readonly options: Pick<ExploreOptions<State>, 'seed' | 'schedules' | 'crashPoints' | 'faults' | 'replay'>,
    private readonly share: Share,
  ) {
    this.#seed = options.seed ?? DEFAULT_SEED;
    this.#faults = new Set(options.faults ?? (Object.keys(FAULTS) as FaultKind[]));
  }

  async run(): Promise<PartialReport> {
    const failure = await this.#explore();
    const { courses } = this.#done;
    return { crashPoints: this.#crashPoints, randomSchedules: this.#randomTotal, courses, ...(failure === undefined ? {} : { failure }) };
  }

  get #randomTotal(): number {
    return this.options.replay === undefined ? (this.options.schedules ?? DEFAULT_SCHEDULES) : 0;
  }

  async #explore(): Promise<PartialReport['failure']> {
    const { replay } = this.options;
    if (replay !== undefined && typeof replay !== 'number') {
      return this.#replay(typeof replay === 'string' ? parseSchedule(replay) : replay);
    }
    const smooth: Schedule = { seed: this.#seed, events: [] };
    const first = await this.#course(smooth);
    if (first.failure !== undefined) {
      return { position: -1, failure: await this.#failureOf(smooth, first, 'when nothing went wrong') };
    }
    const refusable = first.points.filter(({ possible }) => possible.includes('refused')).map(({ at }) => at);
    const course: SmoothCourse = { points: first.points.length, refusable };
    if (typeof replay === 'number') {
      return this.#random(replay, course, 0);
    }
    if (this.options.crashPoints !== false) {
      const failure = await this.#eachEvent(first, refusable);
      if (failure !== undefined) {
        return failure;
      }
    }
    const total = this.#randomTotal;
    for (let index = this.share.index; index < total; index += this.share.count) {
      const position = this.#crashPoints + index;
      if (this.share.isIdle(position)) {
        return undefined;
      }
      const failure = await this.#random(mixed(this.#seed, index), course, position);
      if (failure !== undefined) {
        return failure;
      }
      this.#done.randomSchedules += 1;
      this.share.tell({ phase: 'random schedules', done: this.#done.randomSchedules, total });
    }
    return undefined;
  }

  /** Every single event at every point: of the smooth course, and of those where one step is refused, so that the undos' points are among them. */
  async #eachEvent(first: Played, refusable: readonly string[]): Promise<PartialReport['failure']> {
    const found = this.#singleEvents(first).map((event) => [event]);
    for (const at of this.#faults.has('refused') ? refusable : []) {
      const refused: ScheduleEvent = { at, what: 'refused' };
      const schedule = { seed: this.#seed, events: [refused] };
      const played = await this.#course(schedule);
      if (played.failure !== undefined) {
        return { position: -1, failure: await this.#failureOf(schedule, played, 'when one step was refused') };
      }
      found.push(...this.#singleEvents(played).filter((event) => event.at !== at).map((event) => [refused, event]));
    }
    this.#crashPoints = found.length;
    for (let position = this.share.index; position < found.length; position += this.share.count) {
      if (this.share.isIdle(position)) {
        return undefined;
      }
      const schedule = { seed: this.#seed, events: found[position] as ScheduleEvent[] };
      const played = await this.#play(schedule);
      if (played.failure !== undefined) {
        this.share.failed(position);
        return { position, failure: await this.#failureOf(schedule, played, `at crash point ${position + 1} of ${found.length}`) };
      }
      this.#done.crashPoints += 1;
      this.share.tell({ phase: 'crash points', done: this.#done.crashPoints, total: found.length });
    }
    return undefined;
  }

  async #random(seed: number, course: SmoothCourse, position: number): Promise<PartialReport['failure']> {
    const played = await play(this.scene, seed, new RandomDecider(seed, this.#faults, course));
    if (played.failure === undefined) {
      return undefined;
    }
    this.share.failed(position);
    return { position, failure: await this.#failureOf({ seed, events: played.taken }, played, `by the random schedule of seed ${seed}`) };
  }

  async #replay(schedule: Schedule): Promise<PartialReport['failure']> {
    const played = await this.#course(schedule);
    const happened = new Set(played.taken.map(({ at, what }) => `${at} = ${what}`));
    const missing = schedule.events.filter(({ at, what }) => !happened.has(`${at} = ${what}`)).map(({ at }) => at);
    if (missing.length > 0) {
      throw new ScheduleNotFollowedError(schedule, missing);
    }
    return played.failure === undefined ? undefined : { position: 0, failure: this.#tell(schedule, played, schedule.seed, 'again') };
  }

  async #course(schedule: Schedule): Promise<Played> {
    this.#done.courses += 1;
    return play({ ...this.scene, sandboxes: this.scene.carefulSandboxes }, schedule.seed, new ScriptedDecider(schedule));
  }

  async #play(schedule: Schedule): Promise<Played> {
    return play(this.scene, schedule.seed, new ScriptedDecider(schedule));
  }

  async #failureOf(schedule: Schedule, found: Played, whenFound: string): Promise<ExploreFailure> {
    let shortest = found;
    let tries = 0;
    const kind = found.failure?.kind;
    await shrink(schedule, async (some) => {
      this.share.tell({ phase: 'shrinking', done: (tries += 1), total: undefined });
      const played = await this.#play(some);
      const fails = played.failure?.kind === kind;
      if (fails) {
        shortest = played;
      }
      return fails;
    });
    // As they happened; what is not passed any more does not matter.
    return this.#tell({ seed: schedule.seed, events: shortest.taken }, shortest, schedule.seed, whenFound);
  }

  #tell(schedule: Schedule, { failure, story }: Played, seed: number, whenFound: string): ExploreFailure {
    const { kind, message, error } = failure as NonNullable<Played['failure']>;
    const told = { kind, message, seed, schedule, story: storyOf(story) };
    return { ...told, replay: formatSchedule(schedule), text: failureText(told, whenFound), ...(error === undefined ? {} : { error }) };
  }

  #singleEvents({ points }: Played): ScheduleEvent[] {
    const messages = this.scene.messages.map((_, index): MessageEvent => `send-${index}`);
    return points.flatMap(({ at, possible, isReachable }) => [
      ...possible.filter((what) => this.#faults.has(what)).map((what): ScheduleEvent => ({ at, what })),
      ...(isReachable && !isMessageEvent(at) ? messages.map((what): ScheduleEvent => ({ at, what })) : []),
    ]);
  }
}

/** The whole exploration's report, from those of its parts: as if one had played all in order. */
export function reportOf(seed: number, parts: readonly PartialReport[]): ExploreReport {
  const [first] = parts.flatMap(({ failure }) => failure ?? []).sort((one, other) => one.position - other.position);
  const { crashPoints = 0, randomSchedules = 0, courses = 0 } = parts[0] ?? {};
  const passed = first === undefined ? crashPoints + randomSchedules : Math.max(0, first.position);
  return {
    seed,
    schedulesRun: courses + passed + (first !== undefined && first.position >= 0 ? 1 : 0),
    crashPoints: { total: crashPoints, passed: Math.min(crashPoints, passed) },
    randomSchedules: { total: randomSchedules, passed: Math.max(0, passed - crashPoints) },
    ...(first === undefined ? {} : { failure: first.failure }),
  };
}

/** A seed of its own for each random schedule, of 32 bits. */
function mixed(seed: number, index: number): number {
  let mixing = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
  mixing = Math.imul(mixing ^ (mixing >>> 16), 0x21f0aaad);
  mixing = Math.imul(mixing ^ (mixing >>> 15), 0x735a2d97);
  return (mixing ^ (mixing >>> 15)) >>> 0;
}
