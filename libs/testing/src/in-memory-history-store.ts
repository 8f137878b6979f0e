import type { AppendResult, AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import { StoreUnavailableError, type HistoryEvent, type Incident } from '@backstitch/protocol';

interface StoredEntry {
  record: RunRecord;
  /** JSON arrays, one for each commit: read when somebody asks. */
  events: string[];
  attempts: Map<number, AttemptRecord>;
  incidents: Map<number, Incident>;
}

/** How an unavailable store behaves: `before` nothing was applied, `after` everything was, and only the answer got lost. */
export type CommitFault = 'before' | 'after';

/** HistoryStore in memory, for tests. What goes in and out passes through JSON, as it would in a database. */
export class InMemoryHistoryStore implements HistoryStore {
  readonly #runs = new Map<string, StoredEntry>();
  readonly #runIds = new Map<string, string>();
  readonly #faults: CommitFault[] = [];
  /** Every commit so far, as it was asked for. To be read only: the rows are made of the same objects. */
  readonly commits: RunAppend[][] = [];
  /** How often runs were loaded, and how many in all. */
  readonly loads: string[][] = [];
  /** While true every call throws StoreUnavailableError. */
  unavailable = false;
  /** Awaited before each commit is applied; a test can hold a commit back or append behind the engine's back. */
  beforeCommit?: (appends: readonly RunAppend[]) => Promise<void> | void;

  /** The next commit throws StoreUnavailableError. */
  failNextCommit(fault: CommitFault): void {
    this.#faults.push(fault);
  }

  /** What was to fail and has not yet, will not. */
  forgetFaults(): void {
    this.#faults.length = 0;
  }

  async commit(appends: readonly RunAppend[]): Promise<AppendResult[]> {
    await this.beforeCommit?.(appends);
    this.#refuseIfUnavailable();
    const fault = this.#faults.shift();
    if (fault === 'before') {
      throw new StoreUnavailableError(1_000);
    }
    const kept = appends.map((append) => new KeptAppend(append));
    this.commits.push(kept);
    const stale = new Set<string>();
    const results = kept.map((append) => {
      const result = append.after !== undefined && stale.has(append.after) ? ({ status: 'stale' } as const) : this.#apply(append);
      if (result.status !== 'committed') {
        stale.add(append.record.runId);
      }
      return result;
    });
    if (fault === 'after') {
      throw new StoreUnavailableError(1_000);
    }
    return results;
  }

  async load(runIds: readonly string[]): Promise<StoredRun[]> {
    this.#refuseIfUnavailable();
    this.loads.push([...runIds]);
    return runIds.flatMap((runId) => this.stored(runId) ?? []);
  }

  async findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]> {
    this.#refuseIfUnavailable();
    return workflowIds.flatMap((workflowId) => {
      const entry = this.#runs.get(this.#runIds.get(workflowId) ?? '');
      return entry === undefined ? [] : [copy(entry.record)];
    });
  }

  /** What stands in the store for this run id. */
  stored(runId: string): StoredRun | undefined {
    const entry = this.#runs.get(runId);
    return entry === undefined
      ? undefined
      : {
          record: copy(entry.record),
          events: entry.events.flatMap(eventsOf),
          attempts: copy([...entry.attempts.values()].sort((a, b) => a.scheduledEventId - b.scheduledEventId)),
          incidents: copy([...entry.incidents.values()].sort((a, b) => a.incidentNumber - b.incidentNumber)),
        };
  }

  /** What is kept of a run beside its history, and the last event of that. */
  lastOf(runId: string): { record: RunRecord; lastEvent: HistoryEvent | undefined } | undefined {
    const entry = this.#runs.get(runId);
    return entry === undefined ? undefined : { record: copy(entry.record), lastEvent: eventsOf(entry.events.at(-1) ?? '[]').at(-1) };
  }

  /** What stands in the store for this workflow id; throws where there is nothing. */
  storedByWorkflowId(workflowId: string): StoredRun {
    const stored = this.stored(this.#runIds.get(workflowId) ?? '');
    if (stored === undefined) {
      throw new Error(`The store holds no workflow "${workflowId}".`);
    }
    return stored;
  }

  /** Runs that want to be woken at that time, as a host's timer would find them. */
  runIdsDue(nowMs: number): string[] {
    return [...this.#runs.values()].filter(({ record }) => record.wakeAtMs !== undefined && record.wakeAtMs <= nowMs).map(({ record }) => record.runId);
  }

  /** Runs with open activities, as recovery would find them. */
  runIdsWithOpenActivities(): string[] {
    return [...this.#runs.values()].filter(({ record }) => record.openActivities > 0).map(({ record }) => record.runId);
  }

  /** Runs that wait for another run, or for a local activity, as recovery would find them. */
  runIdsWithOpenCalls(): string[] {
    return [...this.#runs.values()].filter(({ record }) => (record.openCalls ?? 0) > 0).map(({ record }) => record.runId);
  }

  /** What is kept of every run beside its history, oldest first. */
  records(): RunRecord[] {
    return [...this.#runs.values()].map(({ record }) => copy(record));
  }

  /** Every run of a workflow id, oldest first. */
  runIdsOf(workflowId: string): string[] {
    return [...this.#runs.values()].filter(({ record }) => record.workflowId === workflowId).map(({ record }) => record.runId);
  }

  #apply(append: KeptAppend): AppendResult {
    const { record } = append;
    if (append.isNew) {
      const current = this.#runs.get(this.#runIds.get(record.workflowId) ?? '');
      const itself = this.#runs.get(record.runId);
      const inTheWay = itself?.record.workflowId === record.workflowId ? itself : (current ?? itself);
      if (inTheWay !== undefined && (itself !== undefined || inTheWay.record.runId !== append.replaces)) {
        return { status: 'exists', existing: copy(inTheWay.record) };
      }
      this.#runIds.set(record.workflowId, record.runId);
      this.#runs.set(record.runId, { record, events: [], attempts: new Map(), incidents: new Map() });
    }
    const entry = this.#runs.get(record.runId);
    if (entry === undefined || (!append.isNew && entry.record.nextEventId !== append.expectedNextEventId)) {
      return { status: 'stale' };
    }
    entry.record = record;
    if (append.eventsText !== '[]') {
      entry.events.push(append.eventsText);
    }
    append.upsertAttempts.filter((attempt) => !isBehind(attempt, entry.attempts.get(attempt.scheduledEventId))).forEach((attempt) => entry.attempts.set(attempt.scheduledEventId, attempt));
    append.deleteAttempts.forEach((scheduledEventId) => entry.attempts.delete(scheduledEventId));
    append.upsertIncidents.forEach((incident) => entry.incidents.set(incident.incidentNumber, incident));
    return { status: 'committed' };
  }

  #refuseIfUnavailable(): void {
    if (this.unavailable) {
      throw new StoreUnavailableError(1_000);
    }
  }
}

/** Attempts change without events, so the fence does not guard them: they never go back. */
function isBehind(attempt: AttemptRecord, known: AttemptRecord | undefined): boolean {
  return known !== undefined && (attempt.attempt < known.attempt || (attempt.attempt === known.attempt && attempt.dispatch < known.dispatch));
}

/** A copy of what is asked for. Events are as a store may write them: the text that came with them, if it did. */
class KeptAppend implements RunAppend {
  declare readonly record: RunRecord;
  declare readonly isNew: boolean;
  declare readonly expectedNextEventId: number;
  declare readonly upsertAttempts: AttemptRecord[];
  declare readonly deleteAttempts: number[];
  declare readonly upsertIncidents: Incident[];
  declare readonly replaces?: string;
  declare readonly memoChanged?: true;
  declare readonly after?: string;
  readonly eventsText: string;

  constructor({ events, eventsJson, ...append }: RunAppend) {
    Object.assign(this, copy(append));
    this.eventsText = eventsJson === undefined ? JSON.stringify(events) : Buffer.concat(eventsJson).toString('utf8');
  }

  get events(): HistoryEvent[] {
    return eventsOf(this.eventsText);
  }
}

function eventsOf(text: string): HistoryEvent[] {
  return JSON.parse(text) as HistoryEvent[];
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
