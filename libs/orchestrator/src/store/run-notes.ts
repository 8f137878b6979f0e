import type { EngineObserver } from '@backstitch/engine';
import { CURRENT_DETAILS_FUNCTION, ENGINE_SINK, type IncidentDivergence, type WorkflowDescription } from '@backstitch/protocol';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { Database } from './database.js';
import { SCHEMA } from './schema.js';

/** What is to be kept of a run. */
interface RunNote {
  drift?: IncidentDivergence[];
  currentDetails?: string;
}

/** As the engine keeps them. */
const CURRENT_DETAILS_LENGTH_MAX = 20_000;
/** Runs whose notes wait to be written; beyond it the oldest are left out: they are found out again when the run is replayed. */
const WAITING_MAX = 1_000;

/**
 * Keeps what replicas find out about runs beside their histories, so that whoever describes a run can tell it: drift, and the details that workflow code has set. Written after
 * the commit, apart from it, one statement at a time with whatever waits by then. A note may be lost in a crash, since it can be found out again.
 */
export class RunNotes {
  readonly #database: Database;
  readonly #buildId: string;
  readonly #logger: OrchestratorLogger;
  readonly #waiting = new Map<string, RunNote>();
  #writing: Promise<void> | undefined;

  /** @param buildId whose code this replica runs */
  constructor(database: Database, buildId: string, logger: OrchestratorLogger) {
    this.#database = database;
    this.#buildId = buildId;
    this.#logger = logger;
  }

  readonly observer: EngineObserver = {
    driftFound: ({ runId, drift }) => {
      if (drift !== undefined) this.#keep(runId, { drift });
    },
    workflowSinkCall: ({ runId, isReplaying, call: { sinkName, functionName, args } }) => {
      const [details] = args;
      // What is told in replay was kept before.
      if (!isReplaying && sinkName === ENGINE_SINK && functionName === CURRENT_DETAILS_FUNCTION && typeof details === 'string') this.#keep(runId, { currentDetails: details.slice(0, CURRENT_DETAILS_LENGTH_MAX) });
    },
  };

  /**
   * A description with what is kept of the run and is not in it yet. Drift that another build's code had is left out.
   * @throws StoreUnavailableError
   */
  async complete(description: WorkflowDescription, servingBuildId: string): Promise<WorkflowDescription> {
    const [row] = await this.#database.query<{ drift: IncidentDivergence[] | null; drift_build_id: string | null; current_details: string | null }>({
      name: 'backstitch_run_note',
      text: `SELECT drift, drift_build_id, current_details FROM ${SCHEMA}.run_note WHERE run_id = $1`,
      values: [description.runId],
    });
    if (row === undefined) {
      return description;
    }
    return {
      ...(row.drift !== null && row.drift_build_id === servingBuildId && { drift: row.drift }),
      ...(row.current_details !== null && { currentDetails: row.current_details }),
      ...description,
    };
  }

  async idle(): Promise<void> {
    await this.#writing;
  }

  #keep(runId: string, note: RunNote): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined && this.#waiting.size >= WAITING_MAX) {
      this.#waiting.delete(this.#waiting.keys().next().value as string);
    }
    this.#waiting.set(runId, { ...waiting, ...note });
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const notes = [...this.#waiting];
      this.#waiting.clear();
      try {
        await this.#database.query({
          text: `INSERT INTO ${SCHEMA}.run_note AS n (run_id, drift, drift_build_id, current_details)
            SELECT g.run_id, g.drift::json, CASE WHEN g.drift IS NULL THEN NULL ELSE $4 END, g.current_details
            FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g (run_id, drift, current_details) JOIN ${SCHEMA}.execution e ON e.run_id = g.run_id
            ON CONFLICT (run_id) DO UPDATE SET drift = coalesce(excluded.drift, n.drift), drift_build_id = coalesce(excluded.drift_build_id, n.drift_build_id),
              current_details = coalesce(excluded.current_details, n.current_details)`,
          values: [
            notes.map(([runId]) => runId),
            notes.map(([, { drift }]) => (drift === undefined ? null : JSON.stringify(drift))),
            // Postgres has no text with NUL in it.
            notes.map(([, { currentDetails }]) => currentDetails?.replaceAll('\0', '\uFFFD') ?? null),
            this.#buildId,
          ],
        });
      } catch (error) {
        this.#logger.warn({ err: error, runs: notes.length }, 'what was found out about some runs could not be kept');
      }
    }
    // At once, not when its promise is settled: a note that came in between would stay unwritten.
    this.#writing = undefined;
  }
}
