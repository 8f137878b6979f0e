import { booleanVariable, commonConfiguration, databaseConfiguration, httpUrlVariable, integerVariable, portVariable, queueConfiguration, retentionConfiguration, taskTokenConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

/** What the orchestrator reads from its environment. */
export const configurationSchema = z.object({
  ...commonConfiguration,
  ...databaseConfiguration,
  ...queueConfiguration,
  ...retentionConfiguration,
  ...taskTokenConfiguration,
  PORT: portVariable(3001),
  /** Shared secret of the control wire. */
  CONTROL_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  /** Activities that wait for their first answer on any one task queue; from there on starts are refused for a while. */
  ADMISSION_OPEN_ACTIVITIES_MAX: integerVariable({ min: 1, max: 100_000_000 }).default(5_000),
  /** Base URL at which the other replicas reach this one. Not set: made of the address that it listens at, or of the host name where that is all addresses. */
  CONTROL_ADVERTISE_URL: httpUrlVariable().optional(),
  /** Names the build of the workflows' code, the same on all replicas that run the same code. Not set: a digest of the code. */
  BUILD_ID: z.string().min(1).max(128).optional(),
  /** Whether runs of a type stay with their build: `orderWorkflow=PINNED,*=AUTO_UPGRADE`. Not set, or for other types: as the code says. */
  VERSIONING_BEHAVIORS: z
    .string()
    .regex(/^([^=,]+=(PINNED|AUTO_UPGRADE))(,[^=,]+=(PINNED|AUTO_UPGRADE))*$/, 'must be such as orderWorkflow=PINNED,*=AUTO_UPGRADE')
    .transform((text) => Object.fromEntries(text.split(',').map((part) => part.split('='))) as Record<string, 'PINNED' | 'AUTO_UPGRADE'>)
    .optional(),
  /** What is tried for ever - an undo, a pivot, a step beyond one - and has not succeeded for so long is an incident. */
  DELAY_INCIDENT_AFTER_MS: integerVariable({ min: 1 }).default(600_000),
  /** An attempt that has waited for so long on a queue that nobody serves, and a pinned run that is due and whose build nobody has run for so long, are incidents. */
  NOT_SERVED_INCIDENT_AFTER_MS: integerVariable({ min: 1 }).default(600_000),
  /** Another input or other options than a history records hold the run as an incident, instead of being shown alone. */
  DRIFT_IS_INCIDENT: booleanVariable(false),
  /** Worker threads that run workflow code. */
  SANDBOX_THREADS: integerVariable({ min: 1, max: 64 }).default(1),
});

export type Configuration = z.output<typeof configurationSchema>;
