import type { INestApplication } from '@nestjs/common';
import { ActivityHost } from './activity-host.js';

export interface ConnectActivitiesOptions {
  /** Whether global pipes, guards and interceptors of the application apply to activities too. Default false, as in Nest's hybrid applications. */
  inheritAppConfig?: boolean;
}

/**
 * Binds the handlers of all `@Activities` classes to the queues. Call it before the application listens; jobs are taken once
 * `app.startAllMicroservices()` is called.
 */
export function connectActivities(app: INestApplication, options: ConnectActivitiesOptions = {}): void {
  app.connectMicroservice({ strategy: app.get(ActivityHost).server }, { inheritAppConfig: options.inheritAppConfig ?? false });
}
