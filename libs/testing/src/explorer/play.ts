import type { EngineOptions, StoredRun } from '@backstitch/engine';
import type { HistoryEvent, Incident, JsonValue, StartWorkflowRequest } from '@backstitch/protocol';
import { CourseHistoryStore } from './course-history-store.js';
import { atRest, Course, type Point, type StoryLine } from './course.js';
import type { Decider } from './decider.js';
import type { QueuedEvent } from './event-queue.js';
import { ActivityStandsStillError, type ExploreFailureKind } from './explorer-errors.js';
import { Names } from './names.js';
import { Orchestrators } from './orchestrators.js';
import type { SandboxPool } from './sandbox-pool.js';
import type { ScheduleEvent } from './schedule.js';
import { SimulatedCallers, type SentMessage } from './simulated-callers.js';
import { SimulatedLocalActivities, type LocalActivityHandler } from './simulated-local-activities.js';
import { SimulatedQueues } from './simulated-queues.js';
import type { SimulatedServicesMaker } from './simulated-services-port.js';
import { SimulatedWorkers } from './simulated-workers.js';

const REAL_LIMIT_MS = 10_000;

/** A run as it was when all was over. */
export interface ExploredRun {
  workflowId: string;
  runId: string;
  workflowType: string;
  status: StoredRun['record']['status'];
  result?: JsonValue;
  /** Why it failed, if it did. */
  failure?: StoredRun['record']['failure'];
  /** All incidents, resolved ones too. */
  incidents: Incident[];
  /** Those that are open. */
  openIncidents: Incident[];
}

/** What the invariant is asked about. */
export interface ExploredEnd<State> {
  /** What the services' databases hold. */
  state: State;
  /** The workflow's last run. */
  run: ExploredRun;
  /** Every run, children too, in order of their starts. */
  runs: readonly ExploredRun[];
  /** Of `run`. */
  history: readonly HistoryEvent[];
}

/** Throws, or answers a text, where what must hold does not. */
export type Invariant<State> = (end: ExploredEnd<State>) => unknown;

/** What all courses of things of one exploration have in common. */
export interface Scene<State> {
  start: StartWorkflowRequest;
  messages: readonly SentMessage[];
  state: () => State;
  services: SimulatedServicesMaker<State>;
  localActivities: Readonly<Record<string, LocalActivityHandler<State>>>;
  invariant: Invariant<State>;
  sandboxes: SandboxPool;
  /** They stop workflow code that never comes back: for the first courses of things, which mostly show it. */
  carefulSandboxes: SandboxPool;
  engine: EngineOptions;
  allowsIncidents: boolean;
  stepsMax: number;
  simulatedTimeMaxMs: number;
}

/** How a course of things went. */
export interface Played {
  failure?: { kind: ExploreFailureKind; message: string; error?: unknown };
  points: readonly Point[];
  taken: readonly ScheduleEvent[];
  story: readonly StoryLine[];
  steps: number;
}

/** Plays one course of things from the start of the workflow until nothing is left to do, and asks the invariant. */
export async function play<State>(scene: Scene<State>, seed: number, decider: Decider): Promise<Played> {
  const course = new Course(decider);
  const names = new Names();
  const store = new CourseHistoryStore();
  const services = scene.services({ state: scene.state(), now: () => course.clock.now() });
  const workers = new SimulatedWorkers({
    course,
    services,
    deliver: (outcome, lostAfterMs) => orchestrators.ask((engine) => engine.deliver([outcome]), { lostAfterMs }),
    lost: () => orchestrators.planAudit(),
  });
  const queues = new SimulatedQueues(course, names, workers);
  workers.queues = queues;
  const localActivities = new SimulatedLocalActivities(course, () => services.state, scene.localActivities);
  const orchestrators = new Orchestrators({ course, names, store, queues, localActivities, sandboxes: scene.sandboxes, engine: scene.engine, seed });
  const callers = new SimulatedCallers(course, (request, options) => orchestrators.ask(request, options), scene.start, scene.messages);
  let steps = 0;
  const played = (failure?: Played['failure']): Played => ({ ...(failure === undefined ? {} : { failure }), points: course.points, taken: course.taken, story: course.story, steps });
  try {
    callers.begin();
    await atRest();
    for (let isAuditedInVain = false; ; ) {
      const event = course.queue.take();
      if (event === undefined) {
        if (callers.sendLeft()) {
          continue;
        }
        if (isAuditedInVain || !orchestrators.openRuns.some(({ openActivities, openCalls = 0 }) => openActivities + openCalls > 0)) {
          break;
        }
        isAuditedInVain = true;
        orchestrators.planAudit();
        continue;
      }
      steps += 1;
      const simulatedMs = event.atMs - course.beganAtMs;
      if (steps > scene.stepsMax || simulatedMs > scene.simulatedTimeMaxMs) {
        const after = steps > scene.stepsMax ? `${scene.stepsMax} steps` : `${scene.simulatedTimeMaxMs} ms of simulated time`;
        return played({ kind: 'endless', message: `It has not ended after ${after}.` });
      }
      course.clock.advanceTo(event.atMs);
      const points = course.points.length;
      await run(event);
      isAuditedInVain &&= course.points.length === points;
      if (callers.refusal !== undefined) {
        return played({ kind: 'engine', message: `A caller was refused: ${messageOf(callers.refusal)}`, error: callers.refusal });
      }
      if (orchestrators.failures.length > 0) {
        const [error] = orchestrators.failures;
        return played({ kind: 'engine', message: `The engine could not handle something: ${messageOf(error)}`, error });
      }
    }
    return played(await judge(scene, store, services.state));
  } finally {
    orchestrators.close();
  }
}

async function run(event: QueuedEvent): Promise<void> {
  const done = event.run();
  if (done === undefined) {
    return atRest();
  }
  let isDone = false;
  const tracked = done.finally(() => (isDone = true));
  // It is awaited below.
  tracked.catch(() => undefined);
  await atRest();
  if (!isDone) {
    await withinRealTime(tracked);
    await atRest();
  } else {
    await tracked;
  }
}

/** Time stands still meanwhile, so it does not matter how long it takes. */
async function withinRealTime(done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new ActivityStandsStillError()), REAL_LIMIT_MS)));
  try {
    await Promise.race([done, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function judge<State>({ start, invariant, allowsIncidents }: Scene<State>, store: CourseHistoryStore, state: State): Promise<Played['failure']> {
  const runs = store.all().map(exploredRun);
  const run = runs.findLast(({ workflowId }) => workflowId === start.workflowId);
  if (run === undefined) {
    return { kind: 'stuck', message: 'The workflow was never started.' };
  }
  const open = runs.flatMap(({ openIncidents }) => openIncidents);
  const waiting = runs.find(({ status }) => status === 'RUNNING');
  if (waiting !== undefined && open.length === 0) {
    return { kind: 'stuck', message: `The workflow "${waiting.workflowId}" has not ended, nothing is under way that it could wait for, and no incident tells of it.` };
  }
  if (open.length > 0 && !allowsIncidents) {
    return { kind: 'incident', message: open.map(({ kind, message }) => `${kind}: ${message}`).join('; ') };
  }
  try {
    const answer: unknown = await invariant({
      state,
      run,
      runs,
      // Most invariants do not ask.
      get history() {
        return store.events(run.runId);
      },
    });
    return typeof answer === 'string' ? { kind: 'invariant', message: answer } : undefined;
  } catch (error) {
    return { kind: 'invariant', message: messageOf(error), error };
  }
}

function exploredRun({ record, incidents }: Omit<StoredRun, 'events' | 'attempts'>): ExploredRun {
  const { workflowId, runId, workflowType, status, result, failure } = record;
  const openIncidents = incidents.filter(({ resolution }) => resolution === undefined);
  return { workflowId, runId, workflowType, status, ...(result === undefined ? {} : { result }), ...(failure === undefined ? {} : { failure }), incidents, openIncidents };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
