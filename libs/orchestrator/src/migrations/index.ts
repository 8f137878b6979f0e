import { CreateOrchestratorSchema1790000000000 } from './create-orchestrator-schema.js';

/** Migrations of the orchestrator's schema, oldest first, for a TypeORM data source. Run them before the module starts. */
export const orchestratorMigrations = [CreateOrchestratorSchema1790000000000] as const;
