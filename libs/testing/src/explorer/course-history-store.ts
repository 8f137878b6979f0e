import type { AppendResult, AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import { StoreUnavailableError, type HistoryEvent, type Incident } from '@backstitch/protocol';

interface StoredEntry {
  /** JSON, as all that is kept: what was committed cannot be changed by whoever still holds it. */
  record: string;
  workflowId: string;
  nextEventId: number;
  /** JSON arrays, one for each append. */
  events: string[];
  attempts: Map<number, AttemptRecord>;
  incidents: Map<number, string>;
}

/**
 * HistoryStore of one course of things: as the one in memory for tests of the engine, but it keeps no book of what was asked of it. Most that is committed in a
 * course is never read again, so what comes as text stays text.
 */
export class CourseHistoryStore implements HistoryStore {
  readonly #runs = new Map<string, StoredEntry>();
  /** Current runs. */
  readonly #runIds = new Map<string, string>();
  isReachable = true;

  async commit(appends: readonly RunAppend[]): Promise<AppendResult[]> {
    this.#refuseIfUnreachable();
    const stale = new Set<string>();
    return appends.map((append) => {
      const result = append.after !== undefined && stale.has(append.after) ? ({ status: 'stale' } as const) : this.#apply(append);
      if (result.status !== 'committed') {
        stale.add(append.record.runId);
      }
      return result;
    });
  }

  async load(runIds: readonly string[]): Promise<StoredRun[]> {
    this.#refuseIfUnreachable();
    return runIds.flatMap((runId) => this.stored(runId) ?? []);
  }

  async findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]> {
    this.#refuseIfUnreachable();
    return workflowIds.flatMap((workflowId) => {
      const entry = this.#currentOf(workflowId);
      return entry === undefined ? [] : [JSON.parse(entry.record) as RunRecord];
    });
  }

  stored(runId: string): StoredRun | undefined {
    const entry = this.#runs.get(runId);
    return entry === undefined
      ? undefined
      : {
          record: JSON.parse(entry.record) as RunRecord,
          events: this.events(runId),
          attempts: copy([...entry.attempts.values()].sort((a, b) => a.scheduledEventId - b.scheduledEventId)),
          incidents: incidentsOf(entry),
        };
  }

  /** The history of a run, as far as it goes. */
  events(runId: string): HistoryEvent[] {
    return this.#runs.get(runId)?.events.flatMap((text) => JSON.parse(text) as HistoryEvent[]) ?? [];
  }

  /** Every run, oldest first, without its history. */
  all(): Pick<StoredRun, 'record' | 'incidents'>[] {
    return [...this.#runs.values()].map((entry) => ({ record: JSON.parse(entry.record) as RunRecord, incidents: incidentsOf(entry) }));
  }

  #refuseIfUnreachable(): void {
    if (!this.isReachable) {
      throw new StoreUnavailableError(1_000);
    }
  }

  #currentOf(workflowId: string): StoredEntry | undefined {
    return this.#runs.get(this.#runIds.get(workflowId) ?? '');
  }

  #apply({ record, isNew, replaces, expectedNextEventId, events, eventsJson, upsertAttempts, deleteAttempts, upsertIncidents }: RunAppend): AppendResult {
    const { runId, workflowId } = record;
    if (isNew) {
      const current = this.#runIds.get(workflowId);
      if ((current !== undefined && current !== replaces) || this.#runs.has(runId)) {
        const existing = (this.#runs.get(runId) ?? this.#currentOf(workflowId)) as StoredEntry;
        return { status: 'exists', existing: JSON.parse(existing.record) as RunRecord };
      }
      this.#runIds.set(workflowId, runId);
      this.#runs.set(runId, { record: '', workflowId, nextEventId: 1, events: [], attempts: new Map(), incidents: new Map() });
    }
    const entry = this.#runs.get(runId);
    if (entry === undefined || (!isNew && entry.nextEventId !== expectedNextEventId)) {
      return { status: 'stale' };
    }
    entry.record = JSON.stringify(record);
    entry.nextEventId = record.nextEventId;
    if (events.length > 0) {
      // The bytes lie in memory that is used again.
      entry.events.push(eventsJson === undefined ? JSON.stringify(events) : Buffer.concat(eventsJson).toString('utf8'));
    }
    upsertAttempts.filter((attempt) => !isBehind(attempt, entry.attempts.get(attempt.scheduledEventId))).forEach((attempt) => entry.attempts.set(attempt.scheduledEventId, copy(attempt)));
    deleteAttempts.forEach((scheduledEventId) => entry.attempts.delete(scheduledEventId));
    upsertIncidents.forEach((incident) => entry.incidents.set(incident.incidentNumber, JSON.stringify(incident)));
    return { status: 'committed' };
  }
}

/** Attempts change without events, so the fence does not guard them: they never go back. */
function isBehind(attempt: AttemptRecord, known: AttemptRecord | undefined): boolean {
  return known !== undefined && (attempt.attempt < known.attempt || (attempt.attempt === known.attempt && attempt.dispatch < known.dispatch));
}

function incidentsOf({ incidents }: StoredEntry): Incident[] {
  return [...incidents].sort(([a], [b]) => a - b).map(([, incident]) => JSON.parse(incident) as Incident);
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
