import { advisoryLockId } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { withDeadline } from '../database.js';

export interface ImportLock {
  /** False once the connection that held the lock is gone. */
  isHeld(): boolean;
  release(): Promise<void>;
}

/**
 * One holder per import among all gateways: session-level advisory locks on one connection of their own. If this process or the connection dies,
 * the server gives them free. Two holders for a moment would do no harm, since every step of an import is idempotent; it would be waste.
 */
@Injectable()
export class ImportLocks {
  private session: Promise<QueryRunner> | undefined;
  private readonly held = new Map<string, Promise<QueryRunner>>();

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** @returns undefined if another holds it, in this process or elsewhere */
  async tryLock(importId: string): Promise<ImportLock | undefined> {
    if (this.held.has(importId)) return undefined;
    const session = this.openSession();
    // Taken at once in this process: the server would grant the same session's lock again.
    this.held.set(importId, session);
    const lockId = advisoryLockId(`gateway import ${importId}`);
    try {
      const rows = (await inSession(session, 'SELECT pg_try_advisory_lock($1) AS locked', [lockId])) as { locked: boolean }[];
      if (rows[0]?.locked !== true) {
        this.held.delete(importId);
        return undefined;
      }
    } catch (error) {
      this.held.delete(importId);
      await this.dropSession(session);
      throw error;
    }
    return {
      isHeld: () => this.held.get(importId) === session && this.session === session,
      release: async () => {
        if (this.held.get(importId) !== session) return;
        this.held.delete(importId);
        try {
          await inSession(session, 'SELECT pg_advisory_unlock($1)', [lockId]);
        } catch {
          await this.dropSession(session);
        }
      },
    };
  }

  /** Finds out whether the session still lives; if not, all its locks count as lost. */
  async check(): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    try {
      await inSession(session, 'SELECT 1');
    } catch {
      await this.dropSession(session);
    }
  }

  /** Gives all locks free. */
  async close(): Promise<void> {
    if (this.session !== undefined) await this.dropSession(this.session);
  }

  private openSession(): Promise<QueryRunner> {
    this.session ??= (async () => {
      const runner = this.dataSource.createQueryRunner();
      await runner.connect();
      return runner;
    })();
    return this.session;
  }

  private async dropSession(session: Promise<QueryRunner>): Promise<void> {
    if (this.session === session) this.session = undefined;
    for (const [importId, holder] of this.held) if (holder === session) this.held.delete(importId);
    // A server that has fallen silent answers this no more than anything else: nobody waits for it longer than for that.
    await withDeadline(endSession(session)).catch(() => undefined);
  }
}

/** Whoever asks is told in time that the server is away; the session then counts as lost. */
function inSession(session: Promise<QueryRunner>, sql: string, parameters: unknown[] = []): Promise<unknown> {
  return withDeadline(session.then((runner) => runner.query(sql, parameters)));
}

async function endSession(session: Promise<QueryRunner>): Promise<void> {
  const runner = await session.catch(() => undefined);
  await runner?.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  await runner?.release().catch(() => undefined);
}
