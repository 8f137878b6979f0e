import { describe, expect, it } from '@jest/globals';
import { localActivitiesConformance, type TestFramework } from '@backstitch/testing';
import { functionActivities, type LocalActivityFunction } from './local-activities.js';

describe('the local activities of an orchestrator', () => {
  localActivitiesConformance({ describe, it, expect } as TestFramework, async (functions) => {
    const registered = Object.fromEntries(
      Object.entries(functions).map(([name, run]): [string, LocalActivityFunction] => [
        name,
        function (...args) {
          return run(this, ...args);
        },
      ]),
    );
    return { localActivities: functionActivities(registered), advance: async () => undefined, dispose: async () => undefined };
  });
});
