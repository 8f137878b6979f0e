import { AddReplicaUrl1790000000300 } from './add-replica-url.js';
import { CreateOrchestratorSchema1790000000000 } from './create-orchestrator-schema.js';
import { IndexClosedRuns1790000000070 } from './index-closed-runs.js';
import { LeaveRoomForUpdates1790000000200 } from './leave-room-for-updates.js';

/** Migrations of the orchestrator's schema, oldest first, for a TypeORM data source. Run them before the module starts. */
export const orchestratorMigrations = [
  CreateOrchestratorSchema1790000000000,
  IndexClosedRuns1790000000070,
  LeaveRoomForUpdates1790000000200,
  AddReplicaUrl1790000000300,
] as const;
