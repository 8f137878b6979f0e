import { createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { CreateStock1790000000100 } from './1790000000100-create-stock.js';
import { CreateLedger1790000000200 } from './1790000000200-create-ledger.js';

/** In order of time: TypeORM reads it off the names. */
export const migrations = [createInboxMigration(), createInboxRetentionMigration(), CreateStock1790000000100, CreateLedger1790000000200];
