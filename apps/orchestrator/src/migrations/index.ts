import { orchestratorMigrations } from '@backstitch/orchestrator';
import type { MigrationClass } from '@backstitch/service-kit';
import { CreateLedger1790000000100 } from './1790000000100-create-ledger.js';
import { KeepLedger1790000000200 } from './1790000000200-keep-ledger.js';

/** The engine's tables, then the platform's view over them; oldest first. */
export const migrations: readonly MigrationClass[] = [...orchestratorMigrations, CreateLedger1790000000100, KeepLedger1790000000200];
