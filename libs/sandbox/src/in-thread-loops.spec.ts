import { AsyncLocalStorage } from 'node:async_hooks';
import vm from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { activation, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';
import { TimeLimit } from './time-limit.js';

/** Long enough that a busy machine does not stop what does not loop. */
const TIMEOUT_MS = 500;

const { features, getBuiltinModule } = process;
const realm = vm.runInThisContext('globalThis') as object;
const SESSION = Symbol.for('backstitch.limitingSession');

const withoutInspector = (): void => void Object.defineProperty(process, 'features', { value: { ...features, inspector: false }, configurable: true });
afterEach(() => {
  Object.defineProperty(process, 'features', { value: features, configurable: true });
  process.getBuiltinModule = getBuiltinModule;
});

/** Once that is through, Node has looked whether each callback that began has ended. */
const turnOfTheLoop = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ["V8's inspector", () => undefined],
  ['node:vm', withoutInspector],
])('code that does not come back, in this thread, limited by %s', (limitedBy, prepare) => {
  it.each(['loopWorkflow', 'microtaskLoopWorkflow', 'thenableLoopWorkflow', 'conditionLoopWorkflow'])(
    'given %s and async hooks in use, when it never comes back, then its task fails, the process goes on, and so does the sandbox',
    async (workflowType) => {
      prepare();
      expect(TimeLimit.of(TIMEOUT_MS) === undefined).toBe(limitedBy === 'node:vm');
      const sandbox = createInThreadSandbox({ bundle: await testBundle(), activationTimeoutMs: TIMEOUT_MS });
      const storage = new AsyncLocalStorage<string>();
      await storage.run('mine', async () => {
        await turnOfTheLoop();
        const results = await sandbox.activate([activation('bad', [initialize(workflowType)])]);
        results.push(...(await sandbox.activate([activation('bad', [fired(1)])])));
        expect(results.find(({ status }) => status === 'taskFailed')).toMatchObject({ failure: { applicationFailureInfo: { type: 'WorkflowTaskTimedOut' } } });
        expect(storage.getStore()).toBe('mine');
        await turnOfTheLoop();
        expect(storage.getStore()).toBe('mine');
        expect(await sandbox.activate([activation('good', [initialize('sagaWorkflow', ['o'])])])).toMatchObject([{ status: 'completed', commands: [{ type: 'scheduleActivity' }] }]);
      });
      await sandbox.close();
    },
  );
});

describe('the time limit of this thread', () => {
  const limit = (): TimeLimit => TimeLimit.of(TIMEOUT_MS) as TimeLimit;

  it('given work that comes back, when it is run, then its answer is answered, and what it throws is thrown as it is', () => {
    const answer = {};
    expect(limit().run(() => answer)).toBe(answer);
    const error = new Error('of the work');
    let thrown: unknown;
    try {
      limit().run(() => {
        throw error;
      });
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBe(error);
  });

  it('given work that does not come back, when it is run, then it is stopped, and later work is not', () => {
    expect(
      limit().run(() => {
        for (;;);
      }),
    ).toBeUndefined();
    expect(limit().run(() => ({}))).toEqual({});
  });

  it('given many limits, when they are made, then they share one session, and workflow code sees nothing of it', async () => {
    limit();
    const session: unknown = Reflect.get(realm, SESSION);
    limit();
    expect(Reflect.get(realm, SESSION)).toBe(session);
    const sandbox = createInThreadSandbox({ bundle: await testBundle() });
    expect(await sandbox.activate([activation('a', [initialize('leakWorkflow', ['mine'])])])).toMatchObject([{ status: 'completed' }]);
    expect(Object.keys(realm).filter((name) => name.startsWith('__backstitchLimited'))).toEqual([]);
    await sandbox.close();
  });

  it('given an inspector that may not be used, or one by which somebody debugs, when a limit is asked for, then there is none', () => {
    limit();
    const session: unknown = Reflect.get(realm, SESSION);
    Reflect.deleteProperty(realm, SESSION);
    try {
      const refusing = class {
        connect(): void {
          throw new Error('Access to this API has been restricted');
        }
      };
      process.getBuiltinModule = (() => ({ url: () => undefined, Session: refusing })) as never;
      expect(TimeLimit.of(TIMEOUT_MS)).toBeUndefined();
      process.getBuiltinModule = (() => ({ url: () => 'ws://127.0.0.1:9229/some-id' })) as never;
      expect(TimeLimit.of(TIMEOUT_MS)).toBeUndefined();
    } finally {
      Object.defineProperty(realm, SESSION, { value: session, configurable: true });
    }
  });
});
