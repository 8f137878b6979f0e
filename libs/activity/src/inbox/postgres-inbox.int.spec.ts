import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import type { JsonValue } from '@backstitch/protocol';
import { DataSource } from 'typeorm';
import { inboxConformance, type ExternalSubject, type InboxRowView, type InboxSubject, type TransactionalSubject } from '../simulation/inbox-conformance.js';
import { createInboxMigration } from './create-inbox-migration.js';
import { Inbox, type Claim } from './inbox.js';
import { stepUndone } from './refusals.js';
import { serializePayload } from './serialize-payload.js';
import { Session } from './session.js';

const PATIENT_MS = 10_000;
const IMPATIENT_MS = 20;

/** The inbox in Postgres, used as the runtime uses it. */
class Subject implements InboxSubject {
  constructor(private readonly dataSource: DataSource) {}

  async transactional(claim: Claim, inbox = new Inbox(undefined, PATIENT_MS)): Promise<TransactionalSubject> {
    const session = await this.#open();
    const end = async (): Promise<void> => {
      await session.rollback();
      await session.release();
    };
    const claimed = await inbox.claim(session, claim).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    return {
      claimed,
      effect: async (note) => insertNote(session, claim.key, note),
      complete: async (result) => {
        await inbox.complete(session, claim, serializePayload('The result', result), claimed.status === 'claimed' && claimed.startedBefore);
        await end();
      },
      giveUp: end,
    };
  }

  async external(claim: Claim, inbox = new Inbox(undefined, PATIENT_MS)): Promise<ExternalSubject> {
    const session = await this.#open();
    let isLost = false;
    const end = async (): Promise<void> => {
      if (isLost) return;
      await session.rollback();
      await inbox.unlock(session);
      await session.release();
    };
    const begin = async () => {
      await inbox.lock(session, claim.key);
      await session.begin();
      const claimed = await inbox.claimStarted(session, claim);
      await session.commit();
      return claimed;
    };
    const claimed = await begin().catch(async (error: unknown) => {
      await end();
      throw error;
    });
    return {
      claimed,
      slice: async (note: string, checkpoint: JsonValue) => {
        await session.begin();
        await inbox.lockRow(session, claim.key);
        await insertNote(session, claim.key, note);
        await inbox.saveCheckpoint(session, claim.key, serializePayload('The checkpoint', checkpoint));
        await session.commit();
      },
      complete: async (result) => {
        if (!(await inbox.completeStarted(session, claim.key, serializePayload('The result', result)))) throw stepUndone(claim.key);
      },
      end,
      loseLock: async () => {
        isLost = true;
        session.kill();
      },
    };
  }

  impatient(claim: Claim, mode: 'transactional' | 'external'): Promise<unknown> {
    return this[mode](claim, new Inbox(undefined, IMPATIENT_MS));
  }

  async row(key: string): Promise<InboxRowView | undefined> {
    const [row] = await this.dataSource.query<InboxRowView[]>('SELECT state, result, checkpoint, undone_at IS NOT NULL AS undone FROM inbox WHERE key = $1', [key]);
    return row;
  }

  async effects(key: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ note: string }[]>('SELECT note FROM effects WHERE key = $1 ORDER BY id', [key]);
    return rows.map(({ note }) => note);
  }

  async #open(): Promise<Session> {
    const session = new Session(this.dataSource, () => undefined);
    await session.open();
    return session;
  }
}

async function insertNote(session: Session, key: string, note: string): Promise<void> {
  await session.manager.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [key, note]);
}

describe('the inbox in Postgres', () => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await createTestDatabase('inbox');
    drop = database.drop;
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      poolSize: 30,
      installExtensions: false,
      poolErrorHandler: () => undefined,
      migrations: [createInboxMigration()],
    }).initialize();
    await dataSource.runMigrations();
    await dataSource.query('CREATE TABLE effects (id bigserial PRIMARY KEY, key text NOT NULL, note text NOT NULL)');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await drop();
  });

  inboxConformance({ describe, it, expect }, async () => ({ inbox: new Subject(dataSource), dispose: async () => undefined }));
});
