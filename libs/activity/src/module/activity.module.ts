import { Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { ActivityHost } from './activity-host.js';
import type { ActivityModuleAsyncOptions, ActivityModuleOptions } from './activity-module-options.js';

const ACTIVITY_MODULE_OPTIONS = Symbol('ACTIVITY_MODULE_OPTIONS');

/** Global: serves the activities of a service. See `connectActivities` for how it is started. */
@Module({})
export class ActivityModule implements OnModuleDestroy {
  constructor(@Inject(ActivityHost) private readonly host: ActivityHost) {}

  static forRootAsync(options: ActivityModuleAsyncOptions): DynamicModule {
    return {
      module: ActivityModule,
      global: true,
      imports: options.imports ?? [],
      providers: [
        { provide: ACTIVITY_MODULE_OPTIONS, inject: options.inject ?? [], useFactory: options.useFactory },
        {
          provide: ActivityHost,
          inject: [ACTIVITY_MODULE_OPTIONS],
          useFactory: (resolved: ActivityModuleOptions) => new ActivityHost(resolved),
        },
      ],
      exports: [ActivityHost],
    };
  }

  static forRoot(options: ActivityModuleOptions): DynamicModule {
    return ActivityModule.forRootAsync({ useFactory: () => options });
  }

  /** First of all at shutdown: while attempts end, everything that their handlers need is still there. */
  async onModuleDestroy(): Promise<void> {
    await this.host.stop();
  }
}
