import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database } from '../database.js';
import { ProblemError } from '../problems/problem-error.js';
import { ImportLocks, type ImportLock } from './import-locks.js';
import { ImportProcessor } from './import-processor.js';
import { ImportStaging } from './import-staging.js';
import type { ImportStatus } from './import-rows.js';

/** Imports that one gateway takes in or works on at a time. */
export const IMPORTS_ACTIVE_MAX = 16;
const AUDIT_INTERVAL_MS = 15_000;

/**
 * Sees to it that every import that can go on is worked on by exactly one gateway: at start, when an upload is complete, and by a slow audit that
 * also finds what another gateway left behind.
 */
@Injectable()
export class ImportSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly active = new Map<string, Promise<void>>();
  private uploads = 0;
  private timer: NodeJS.Timeout | undefined;
  private auditing: Promise<void> | undefined;
  private auditAgain = false;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ImportLocks) private readonly locks: ImportLocks,
    @Inject(ImportProcessor) private readonly processor: ImportProcessor,
    @Inject(ImportStaging) private readonly staging: ImportStaging,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.wake();
    this.timer = setInterval(() => this.wake(), AUDIT_INTERVAL_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort(new Error('the gateway is stopping'));
    await this.auditing;
    await Promise.allSettled(this.active.values());
    await this.locks.close();
  }

  /** Fires when the gateway is stopping. */
  get stopSignal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Holds an import that is being uploaded. @throws ProblemError `overloaded` */
  async lockUpload(importId: string): Promise<ImportLock> {
    if (this.stopping.signal.aborted || this.uploads + this.active.size >= IMPORTS_ACTIVE_MAX) {
      throw new ProblemError('overloaded', `At most ${IMPORTS_ACTIVE_MAX} imports are under way at a time.`, {}, { retryAfterSeconds: 10 });
    }
    this.uploads += 1;
    try {
      const lock = await this.locks.tryLock(importId);
      if (lock === undefined) throw new ProblemError('overloaded');
      return {
        isHeld: () => lock.isHeld(),
        release: () => {
          this.uploads -= 1;
          return lock.release();
        },
      };
    } catch (error) {
      this.uploads -= 1;
      throw error;
    }
  }

  /** Looks for imports that nobody works on. */
  wake(): void {
    if (this.stopping.signal.aborted) return;
    if (this.auditing !== undefined) {
      this.auditAgain = true;
      return;
    }
    this.auditing = this.audit()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'imports could not be looked through'))
      .finally(() => {
        this.auditing = undefined;
        if (this.auditAgain) {
          this.auditAgain = false;
          this.wake();
        }
      });
  }

  private async audit(): Promise<void> {
    await this.locks.check();
    const rows = await this.database.query<{ id: string; status: ImportStatus }>(
      `SELECT id, status FROM gateway.import WHERE status IN ('uploading', 'queued', 'stocking', 'running') ORDER BY created_at LIMIT 1000`,
    );
    for (const { id, status } of rows) {
      if (this.stopping.signal.aborted || this.active.size >= IMPORTS_ACTIVE_MAX) return;
      if (this.active.has(id)) continue;
      const lock = await this.locks.tryLock(id);
      if (lock === undefined) continue;
      if (status === 'uploading') {
        // Nobody holds it, so whoever received it is gone. If it was completed just now, this changes nothing.
        await this.staging.interrupt(id, 'The gateway ended while it was uploaded.').finally(() => lock.release());
        continue;
      }
      this.active.set(id, this.work(id, lock));
    }
  }

  private async work(importId: string, lock: ImportLock): Promise<void> {
    const lost = new AbortController();
    const watch = setInterval(() => {
      if (!lock.isHeld()) lost.abort(new Error('the lock on the import is lost'));
    }, 1_000);
    try {
      this.logger.info({ importId }, 'import is worked on');
      await this.processor.process(importId, AbortSignal.any([this.stopping.signal, lost.signal]));
    } catch (error) {
      if (!this.stopping.signal.aborted) this.logger.warn({ err: error, importId }, 'import is interrupted; it goes on at the next audit');
    } finally {
      clearInterval(watch);
      await lock.release();
      this.active.delete(importId);
    }
  }
}
