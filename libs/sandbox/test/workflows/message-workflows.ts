import { condition, defineQuery, defineSignal, log, now, proxyActivities, random, setHandler, sleep, upsertSearchAttributes, uuid4, workflowInfo } from '@backstitch/workflow';
import { steps } from './activities.js';

const add = defineSignal<[number]>('add');
const total = defineQuery<number, [string]>('total');
const { reserve } = steps();

export async function bufferingWorkflow(): Promise<number[]> {
  const seen: number[] = [];
  await sleep(1000);
  setHandler(add, (value) => void seen.push(value));
  setHandler(add, async (value) => {
    await sleep(10);
    seen.push(value);
  });
  await condition(() => seen.length >= 3);
  return seen;
}

export async function countingWorkflow(): Promise<number> {
  let sum = 0;
  setHandler(add, (value) => void (sum += value));
  // Two conditions in a chain: the second holds only after the code behind the first has run.
  let passed = false;
  void condition(() => sum >= 2).then(() => (passed = true));
  await condition(() => passed);
  return sum;
}

/** Takes long for each number that it is told to add, and comes back. */
export async function labouringWorkflow(): Promise<number> {
  let sum = 0;
  setHandler(add, (value) => {
    for (let turn = 0; turn < 2_500_000; turn++) sum = (sum + value) % 1_000_003;
  });
  await condition(() => false);
  return sum;
}

export async function conditionWorkflow(timeoutMs: number): Promise<boolean> {
  let done = false;
  setHandler(add, () => void (done = true));
  return condition(() => done, timeoutMs);
}

export async function queryWorkflow(): Promise<void> {
  let sum = 0;
  setHandler(add, (value) => void (sum += value));
  setHandler(total, (unit) => {
    if (unit === 'broken') throw new Error('no such unit');
    return sum;
  });
  await sleep('100 days');
}

export async function failingSignalWorkflow(): Promise<void> {
  setHandler(add, async () => {
    await sleep(1);
    throw new TypeError('a bug in a handler');
  });
  await sleep('1 day');
}

export async function lateAwaitWorkflow(): Promise<string> {
  const reserving = reserve({ order: 'o' });
  await sleep(1);
  try {
    await reserving;
    return 'reserved';
  } catch (error) {
    return (error as Error).name;
  }
}

export async function randomWorkflow(): Promise<unknown> {
  upsertSearchAttributes({ OrderStatus: ['begun'] });
  log.info('drawing', { at: now() });
  const drawn = [Math.random(), random(), Math.random()];
  const id = uuid4();
  const before = Date.now();
  await sleep(5);
  return { drawn, id, before, after: new Date().toISOString(), status: workflowInfo().searchAttributes };
}

export async function timeLimitWorkflow(): Promise<void> {
  proxyActivities({ taskQueue: 'shop' });
}
