import { ApplicationFailure, CancellationScope, condition, metricMeter, saga, sleep, stackTraceQuery, workflowRandom } from '@backstitch/workflow';

/** What each of these came to, for the tests to judge. Anything that throws is told as `throws`. */
export async function leakWorkflow(word: string): Promise<Record<string, unknown>> {
  const attempt = (leak: () => unknown): unknown => {
    try {
      return leak() ?? null;
    } catch (error) {
      return `throws ${(error as Error).name}`;
    }
  };
  const found: Record<string, unknown> = {};
  const tries: Record<string, () => unknown> = {
    clockThroughConstructor: () => Number(new (new Date(0).constructor as DateConstructor)()),
    clockThroughCall: () => (Date as unknown as () => string)(),
    timeZone: () => [new Date(0).getHours(), new Date(2020, 0, 1).getTime(), new Date('2020-01-01T00:00').getTime(), String(new Date(0)), new Date(0).getTimezoneOffset()],
    locale: () => [(1234.5).toLocaleString(), new Date(0).toLocaleString(), 'ä'.localeCompare('z'), 'I'.toLocaleLowerCase()],
    intl: () => typeof (globalThis as Record<string, unknown>).Intl,
    regexpStatics: () => {
      const before = (RegExp as unknown as { $1?: string }).$1;
      /(.*)/.exec(word);
      return before ?? null;
    },
    hostThroughConstructor: () => (sleep as unknown as { constructor: { constructor: (code: string) => () => unknown } }).constructor.constructor('return process')(),
    asyncConstructor: () => (Object.getPrototypeOf(async () => undefined) as { constructor: (code: string) => unknown }).constructor('return process'),
    evaluation: () => (0, eval)('1 + 1'),
    globalLeft: () => {
      const before = (globalThis as Record<string, unknown>).left;
      (globalThis as Record<string, unknown>).left = word;
      return before ?? null;
    },
    prototypeLeft: () => {
      (Array.prototype as unknown as Record<string, unknown>).left = word;
      return 'written';
    },
    promiseLeft: () => {
      Promise.prototype.then = (() => word) as never;
      return 'written';
    },
    apiLeft: () => {
      const attempts = [ApplicationFailure, ApplicationFailure.prototype, CancellationScope].map((shared) => attempt(() => Object.assign(shared, { left: word })));
      return [...attempts, (ApplicationFailure as unknown as { left?: string }).left ?? null];
    },
    hiddenLeft: () => {
      let facade: object = {};
      void saga(async (s) => void (facade = Object.getPrototypeOf(s) as object));
      const run = (CancellationScope.current() as unknown as { workflowRun: object }).workflowRun;
      return [facade, Object.getPrototypeOf(run), metricMeter, workflowRandom, stackTraceQuery].map((shared) => attempt(() => Object.assign(shared as object, { left: word })));
    },
    override: () => {
      const plain: { toString?: unknown; toLocaleString?: unknown } = {};
      plain.toString = word;
      plain.toLocaleString = word;
      const error = new Error('x');
      error.name = word;
      error.message = word;
      return [plain.toString, plain.toLocaleString, error.name, error.message, Object.keys(plain).length];
    },
    stack: () => (/\((.*?):\d+:\d+\)/.exec(new Error('here').stack ?? '') ?? [])[1],
    prepareStackTrace: () => {
      (Error as unknown as Record<string, unknown>).prepareStackTrace = () => word;
      return 'written';
    },
    entrance: () => typeof (globalThis as Record<string, unknown>).__backstitchEntrance,
  };
  for (const [name, leak] of Object.entries(tries)) found[name] = attempt(leak);
  const absent = ['WeakRef', 'FinalizationRegistry', 'performance', 'crypto', 'fetch', 'process', 'setImmediate', 'setInterval', 'queueMicrotask', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'require', 'module', 'URL'];
  const global = Object.getPrototypeOf(globalThis) as Record<string, unknown>;
  found.present = absent.filter((name) => name in global);
  return found;
}

export async function loopWorkflow(): Promise<void> {
  await sleep(1);
  for (;;);
}

/** Loops before it awaits anything: what others of its batch were about to do is not done. */
export async function immediateLoopWorkflow(): Promise<void> {
  for (;;);
}

/** Honest, but goes on whatever is thrown at it. */
export async function doggedWorkflow(): Promise<void> {
  for (;;) await sleep(1).catch(() => undefined);
}

export async function microtaskLoopWorkflow(): Promise<void> {
  await sleep(1);
  // eslint-disable-next-line @typescript-eslint/await-thenable -- a loop that only ever fills the queue of microtasks
  for (;;) await null;
}

export async function thenableLoopWorkflow(): Promise<void> {
  await sleep(1);
  const thenable: unknown = {
    then() {
      for (;;);
    },
  };
  await thenable;
}

export async function conditionLoopWorkflow(): Promise<void> {
  let flip = false;
  for (;;) await condition(() => (flip = !flip) === false);
}

export async function memoryWorkflow(): Promise<void> {
  await sleep(1);
  const hoard: unknown[] = [];
  for (;;) hoard.push(new Array(100_000).fill(hoard.length));
}
