import type { OrchestratorLogger } from '../observation/logger.js';
import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';
import type { OpenActivities } from './open-activities.js';

const INTERVAL_MS = 10_000;
const QUIET_MS = 30_000;
const RUNS_PER_CHECK = 1_000;

/**
 * Forgets what another replica has gone on with: a run that nothing was heard of for a while is counted only as long as the store says that nobody has
 * appended to it. Asks nothing while nothing is quiet.
 */
export class OpenActivitiesCheck {
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly open: OpenActivities,
    private readonly database: Pick<Database, 'query'>,
    private readonly nowMs: () => number,
    private readonly logger: OrchestratorLogger,
  ) {
    this.#timer = setInterval(() => {
      this.#running = this.run().catch((error: unknown) => this.logger.debug({ err: error }, 'what is open could not be compared with the store'));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async run(): Promise<void> {
    const quiet = this.open.quietSince(this.nowMs() - QUIET_MS, RUNS_PER_CHECK);
    if (quiet.length === 0) return;
    const rows = await this.database.query<{ run_id: string; next_event_id: number }>({
      name: 'backstitch_admission_check',
      text: `SELECT e.run_id, e.next_event_id FROM ${SCHEMA}.execution e WHERE e.run_id = ANY ($1::uuid[]) AND e.open_activities > 0`,
      values: [quiet.map(({ runId }) => runId)],
    });
    const stored = new Map(rows.map((row) => [row.run_id, row.next_event_id]));
    const [same, changed] = [quiet.filter((run) => stored.get(run.runId) === run.nextEventId), quiet.filter((run) => stored.get(run.runId) !== run.nextEventId)];
    this.open.confirmed(same.map(({ runId }) => runId));
    changed.forEach(({ runId }) => this.open.forget(runId));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }
}
