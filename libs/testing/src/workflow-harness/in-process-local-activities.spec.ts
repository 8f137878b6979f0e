import { describe, expect, it } from '@jest/globals';
import { activityInfo, cancellationSignal } from '@backstitch/activity';
import { localActivitiesConformance } from '../local-activities-conformance.js';
import type { TestFramework } from '../test-framework.js';
import type { ActivityFunction } from './activity-attempt.js';
import { HarnessClock } from './harness-clock.js';
import { InProcessLocalActivities } from './in-process-local-activities.js';

describe('InProcessLocalActivities', () => {
  localActivitiesConformance({ describe, it, expect } as TestFramework, async (functions) => {
    const clock = new HarnessClock(true, async () => undefined);
    const localActivities = new InProcessLocalActivities(clock, () => 'spec');
    const served = Object.entries(functions).map(([name, run]): [string, ActivityFunction] => [name, (...args: never[]) => run({ info: activityInfo(), signal: cancellationSignal() }, ...args)]);
    localActivities.use('spec', new Map(served));
    // Whoever waits by `delay` wishes for the future, and it comes.
    return { localActivities, advance: async () => undefined, dispose: async () => clock.close() };
  });
});
