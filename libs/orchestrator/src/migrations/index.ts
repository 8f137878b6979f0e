import { AddReplicaUrl1790000000300 } from './add-replica-url.js';
import { AddTaskQueues1790000000460 } from './add-task-queues.js';
import { AllowManyRuns1790000000400 } from './allow-many-runs.js';
import { CreateBuilds1790000000440 } from './create-builds.js';
import { CreateLocks1790000000420 } from './create-locks.js';
import { CreateOrchestratorSchema1790000000000 } from './create-orchestrator-schema.js';
import { CreateSchedules1790000000410 } from './create-schedules.js';
import { CreateRunNotes1790000000450 } from './create-run-notes.js';
import { FillTaskQueues1790000000470 } from './fill-task-queues.js';
import { IndexClosedRuns1790000000070 } from './index-closed-runs.js';
import { LeaveRoomForUpdates1790000000200 } from './leave-room-for-updates.js';

/** Migrations of the orchestrator's schema, oldest first, for a TypeORM data source. Run them before the module starts. */
export const orchestratorMigrations = [
  CreateOrchestratorSchema1790000000000,
  IndexClosedRuns1790000000070,
  LeaveRoomForUpdates1790000000200,
  AddReplicaUrl1790000000300,
  AllowManyRuns1790000000400,
  CreateSchedules1790000000410,
  CreateLocks1790000000420,
  CreateBuilds1790000000440,
  CreateRunNotes1790000000450,
  AddTaskQueues1790000000460,
  FillTaskQueues1790000000470,
] as const;
