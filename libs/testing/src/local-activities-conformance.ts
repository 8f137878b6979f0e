import type { LocalActivities, LocalActivityInfo } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import type { TestFramework } from './test-framework.js';

/** A function as the suite writes it: it sees its attempt, its signal and its arguments. */
export type ConformanceLocalActivity = (attempt: { info: Pick<LocalActivityInfo, 'activityType' | 'attempt' | 'workflowExecution'>; signal: AbortSignal }, ...args: JsonValue[]) => unknown;

/** Local activities to be judged, with these functions registered. */
export type LocalActivitiesMaker = (functions: Readonly<Record<string, ConformanceLocalActivity>>) => Promise<{
  localActivities: LocalActivities;
  /** Lets that time go by, for whoever waits by `delay`. */
  advance(durationMs: number): Promise<void>;
  dispose(): Promise<void>;
}>;

const PAUSE_MS = 20;

/** What all LocalActivities must do, as tests. */
export function localActivitiesConformance({ describe, it, expect }: TestFramework, make: LocalActivitiesMaker): void {
  const withFunctions = async (functions: Readonly<Record<string, ConformanceLocalActivity>>, body: (made: Awaited<ReturnType<LocalActivitiesMaker>>) => Promise<void>): Promise<void> => {
    const made = await make(functions);
    try {
      await body(made);
    } finally {
      await made.dispose();
    }
  };
  const never = new AbortController().signal;
  const thrownBy = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

  describe('as all local activities', () => {
    it('given a function, when it is run, then it gets its arguments and knows its attempt, and its result is answered as JSON', async () => {
      const add: ConformanceLocalActivity = ({ info }, one, other) => ({ sum: Number(one) + Number(other), attempt: info.attempt, of: info.workflowExecution.workflowId, at: new Date(0), left: undefined });
      await withFunctions({ add }, async ({ localActivities }) => {
        const expected = { sum: 5, attempt: 3, of: 'conformance', at: '1970-01-01T00:00:00.000Z' };
        expect(await localActivities.run('add', [2, 3], infoOf('add', 3), never)).toEqual(expected);
      });
    });

    it('given a function that answers nothing, when it is run, then the answer is null', async () => {
      await withFunctions({ nothing: () => undefined }, async ({ localActivities }) => {
        expect(await localActivities.run('nothing', [], infoOf('nothing'), never)).toEqual(null);
      });
    });

    it('given a function that throws, at once or later, when it is run, then that very error is what the caller gets', async () => {
      const error = Object.assign(new RangeError('too much'), { failure: { message: 'kept' } });
      const throws = (): never => {
        throw error;
      };
      await withFunctions({ throws, rejects: async () => throws() }, async ({ localActivities }) => {
        expect((await thrownBy(localActivities.run('throws', [], infoOf('throws'), never))) === error).toEqual(true);
        expect((await thrownBy(localActivities.run('rejects', [], infoOf('rejects'), never))) === error).toEqual(true);
      });
    });

    it('given names that nobody has registered, when they are run, then it is LocalActivityUnknownError', async () => {
      await withFunctions({ known: () => 1 }, async ({ localActivities }) => {
        for (const name of ['unknown', 'toString', 'constructor', '__proto__']) {
          const error = (await thrownBy(localActivities.run(name, [], infoOf(name), never))) as { code?: string; activityType?: string };
          expect([error?.code, error?.activityType]).toEqual(['LOCAL_ACTIVITY_UNKNOWN', name]);
        }
      });
    });

    it('given a function under way, when its signal aborts, then it hears of it, and of the reason', async () => {
      const begun: { resolve?: () => void } = {};
      const started = new Promise<void>((resolve) => (begun.resolve = resolve));
      const waits: ConformanceLocalActivity = async ({ signal }) => {
        begun.resolve?.();
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return (signal.reason as Error).message;
      };
      await withFunctions({ waits }, async ({ localActivities }) => {
        const controller = new AbortController();
        const running = localActivities.run('waits', [], infoOf('waits'), controller.signal);
        await started;
        controller.abort(new Error('cancelled'));
        expect(await running).toEqual('cancelled');
      });
    });

    it('given a pause, when its time has gone by, then it ends; and at once when the signal aborts, or has before', async () => {
      await withFunctions({}, async ({ localActivities, advance }) => {
        let isOver = false;
        const pause = localActivities.delay(PAUSE_MS, never).then(() => (isOver = true));
        expect(isOver).toEqual(false);
        await advance(PAUSE_MS);
        expect(await pause).toEqual(true);
        const controller = new AbortController();
        const long = localActivities.delay(3_600_000, controller.signal);
        controller.abort();
        expect(await long).toEqual(undefined);
        expect(await localActivities.delay(3_600_000, controller.signal)).toEqual(undefined);
      });
    });
  });
}

function infoOf(activityType: string, attempt = 1): LocalActivityInfo {
  return { activityId: '1', activityType, workflowExecution: { workflowId: 'conformance', runId: 'run' }, workflowType: 'conformance', attempt, scheduledAtMs: Date.UTC(2026, 0, 1) };
}
