import { EngineHarness } from '@backstitch/testing';
import type { RunRecord, Sandbox } from '@backstitch/engine';
import { ROLLBACK_WORKFLOW_TYPE, type ActivityJob, type ActivityOutcome, type HistoryEvent, type JsonValue } from '@backstitch/protocol';
import { hasTask } from '../puppetry.js';
import type { Program } from './program.js';
import { SeededRandom } from './seeded-random.js';

/** A history, and which workflow it is of. */
export interface RecordedRun {
  workflowId: string;
  workflowType: string;
  events: HistoryEvent[];
}

const TURNS_MAX = 400;
/** From here on nothing new is thrown at the workflow: it is helped to its end. */
const UNRULY_TURNS = 60;

/** Runs one program on the engine, in an order of completions that the seed decides. */
export class RandomRun {
  readonly #random: SeededRandom;
  readonly #kit: EngineHarness;
  readonly #workflowId: string;
  /** Whether the run is now and then thrown out of memory, so that it comes back by replay. */
  readonly #evicts: boolean;
  /** Jobs that a worker holds. */
  readonly #held: ActivityJob[] = [];
  #signalsSent = 0;
  #updatesSent = 0;
  #takesUpdates = false;
  #commitsSeen = 0;
  readonly #known = new Map<string, RunRecord>();
  readonly #abandonable = new Set<string>();

  constructor(
    readonly seed: number,
    sandbox: Sandbox,
  ) {
    this.#evicts = seed % 2 === 1;
    this.#random = new SeededRandom(seed ^ 0x5bd1e995);
    this.#kit = new EngineHarness(sandbox, { searchAttributes: { Word: 'Keyword' } });
    this.#workflowId = `random-${seed}`;
    this.#kit.localActivities.functions.set('add', (_info, _signal, memory) => (Number(memory) % 97) + 1);
    this.#kit.localActivities.functions.set('look', (_info, _signal, memory) => {
      if (Number(memory) % 3 === 0) throw new Error('nothing to be seen');
      return 5;
    });
  }

  async play(program: Program): Promise<RecordedRun[]> {
    const kit = this.#kit;
    this.#takesUpdates = program.onUpdate.length > 0;
    await kit.start('randomWorkflow', this.#workflowId, program as unknown as JsonValue);
    await kit.settled();
    for (let turn = 0; turn < TURNS_MAX && this.#isRunning(); turn += 1) {
      await this.#turn(turn < UNRULY_TURNS);
    }
    if (this.#isRunning()) {
      await kit.engine.terminate(this.#workflowId, 'The program does not end by itself.', 'referee');
    }
    await kit.settled();
    return [...this.#records.keys()].flatMap((runId) => {
      const stored = kit.store.stored(runId);
      if (stored === undefined) return [];
      const { record, events, incidents } = stored;
      // Random pauses are long.
      const incident = incidents.find(({ kind }) => kind !== 'UNDO_DELAYED' && kind !== 'STEP_DELAYED');
      if (incident !== undefined) throw new Error(`A run has an incident: ${JSON.stringify(incident)}`);
      // A rollback has no code that could be judged.
      return hasTask(events) && record.workflowType !== ROLLBACK_WORKFLOW_TYPE ? [{ workflowId: record.workflowId, workflowType: record.workflowType, events }] : [];
    });
  }

  /** Runs that were begun, in order of their start: children and continuations too. Read off the commits: the store itself copies whole histories. */
  get #records(): ReadonlyMap<string, RunRecord> {
    const { commits } = this.#kit.store;
    for (; this.#commitsSeen < commits.length; this.#commitsSeen += 1) {
      for (const { record, events } of commits[this.#commitsSeen] ?? []) {
        this.#known.set(record.runId, record);
        for (const { eventId, eventType, attributes } of events) {
          if (eventType === 'ACTIVITY_TASK_SCHEDULED' && attributes.cancellationType === 'ABANDON') this.#abandonable.add(`${record.runId}/${eventId}`);
        }
      }
    }
    return this.#known;
  }

  /** One thing, or several at once, happen to the workflow. */
  async #turn(unruly: boolean): Promise<void> {
    const kit = this.#kit;
    const random = this.#random;
    this.#takeJobs();
    const happenings: Promise<unknown>[] = [];
    const outcomes: ActivityOutcome[] = [];
    const jobs = this.#held.length === 0 ? 0 : random.chance(0.6) ? 1 : 1 + random.below(this.#held.length);
    if (jobs > 0 && random.chance(unruly ? 0.7 : 0.9)) {
      for (let index = 0; index < jobs; index += 1) {
        const [job] = this.#held.splice(random.below(this.#held.length), 1);
        if (job !== undefined) outcomes.push(kit.outcomeOf(job, this.#outcome(job, unruly)));
      }
      happenings.push(kit.engine.deliver(outcomes));
    }
    if (unruly && random.chance(0.2)) happenings.push(this.#signal());
    if (unruly && this.#takesUpdates && random.chance(0.1)) this.#update(happenings);
    if (unruly && random.chance(0.015)) happenings.push(kit.engine.cancel(this.#workflowId, 'told to stop', 'referee'));
    if (!unruly && outcomes.length === 0) happenings.push(this.#signal());
    if (random.chance(outcomes.length === 0 ? 0.9 : 0.3)) {
      happenings.push(this.#passTime());
    }
    // One by one each has a workflow task of its own; together they share one.
    if (random.chance(0.5)) for (const happening of happenings) await happening.catch(ignoreClosed);
    else await Promise.all(happenings.map((happening) => happening.catch(ignoreClosed)));
    await kit.settled();
    if (this.#evicts && random.chance(0.1)) await kit.engine.evict([...this.#records.keys()]);
  }

  async #passTime(): Promise<void> {
    const kit = this.#kit;
    const wakeAtMs = Math.min(...[...this.#records.values()].map((record) => record.wakeAtMs ?? Infinity));
    const waitMs = wakeAtMs === Infinity ? 0 : wakeAtMs - kit.clock.now();
    await kit.advance(this.#random.chance(0.7) ? Math.max(0, waitMs) : this.#random.below(30) * 1_000);
  }

  #signal(): Promise<unknown> {
    this.#signalsSent += 1;
    return this.#kit.engine.signal(this.#workflowId, 'poke', [this.#signalsSent]);
  }

  /** Not awaited: its handler may take as long as the workflow. */
  #update(happenings: Promise<unknown>[]): void {
    this.#updatesSent += 1;
    const request = { updateId: `update-${this.#updatesSent}`, updateName: 'change', args: [this.#updatesSent], waitForStage: 'ACCEPTED' as const };
    const answered = this.#kit.engine.update(this.#workflowId, request).catch(ignoreRefused);
    happenings.push(Promise.race([answered, Promise.resolve()]));
  }

  #outcome(job: ActivityJob, unruly: boolean): ActivityOutcome['outcome'] {
    const random = this.#random;
    if (unruly && this.#mayFail(job) && random.chance(0.2)) {
      return { status: 'failed', failure: { message: 'did not work', applicationFailureInfo: { type: 'Refused', nonRetryable: random.chance(0.5) } } };
    }
    return { status: 'completed', result: random.below(1_000) };
  }

  /**
   * An undo that fails for good would wait for a person. An activity that was abandoned may only complete: Temporal's core has no answer to another end of
   * one that its workflow has given up, and stops.
   */
  #mayFail({ runId, scheduledEventId, undoOf }: ActivityJob): boolean {
    return undoOf === undefined && this.#records.size > 0 && !this.#abandonable.has(`${runId}/${scheduledEventId}`);
  }

  #takeJobs(): void {
    const { dispatcher } = this.#kit;
    while (dispatcher.waiting().length > 0) this.#held.push(dispatcher.take());
  }

  #isRunning(): boolean {
    return [...this.#records.values()].some(({ workflowId, status }) => workflowId === this.#workflowId && status === 'RUNNING');
  }
}

/** The validator may refuse an update, and the workflow may end before its handler. */
function ignoreRefused(error: unknown): void {
  if (!(error instanceof Error) || !/Update|Closed|NotFound/i.test(error.name)) throw error;
}

/** A message may come when the workflow has just ended. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof Error) || !/AlreadyClosed|closed/i.test(`${error.name} ${error.message}`)) throw error;
}
