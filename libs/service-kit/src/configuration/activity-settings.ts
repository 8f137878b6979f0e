import { sharePool, type PoolShares } from '../database/share-pool.js';
import { queueConnectionFrom, type QueueConnection } from './queue-connection.js';
import type { DatabaseConfiguration, CommonConfiguration, QueueConfiguration } from './shapes.js';

/** Attempts under way get this share of the whole grace; the rest is for HTTP and the database. */
const ACTIVITY_GRACE_SHARE = 0.8;

export interface ActivitySettings extends PoolShares {
  connection: QueueConnection;
  /** How long attempts under way may take once the service stops. */
  graceMs: number;
}

/** What the configuration says about serving activities: where the queues are, how much runs at once, how long it may take to end. */
export function activitySettingsFrom(configuration: Pick<CommonConfiguration, 'SHUTDOWN_GRACE_MS'> & DatabaseConfiguration & QueueConfiguration): ActivitySettings {
  return {
    connection: queueConnectionFrom(configuration),
    ...sharePool(configuration.DATABASE_POOL_MAX),
    graceMs: Math.floor(configuration.SHUTDOWN_GRACE_MS * ACTIVITY_GRACE_SHARE),
  };
}
