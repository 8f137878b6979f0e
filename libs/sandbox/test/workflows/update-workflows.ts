import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  currentUpdateInfo,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultQueryHandler,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
  sleep,
} from '@backstitch/workflow';

const add = defineUpdate<number, [number]>('add');
const finish = defineSignal('finish');

export async function updatedWorkflow(): Promise<unknown> {
  let sum = 0;
  let finished = false;
  const infos: unknown[] = [];
  setHandler(
    add,
    async (amount) => {
      infos.push(currentUpdateInfo());
      if (amount === 13) throw ApplicationFailure.nonRetryable('unlucky', 'Unlucky');
      if (amount === 14) throw new TypeError('a bug');
      if (amount > 100) await sleep(10);
      sum += amount;
      infos.push(currentUpdateInfo()?.id);
      return sum;
    },
    {
      validator: (amount) => {
        if (amount < 0) throw new RangeError('only upwards');
      },
      description: 'adds',
    },
  );
  setHandler(finish, () => void (finished = true));
  await condition(() => finished && allHandlersFinished());
  return { sum, infos, outside: currentUpdateInfo() ?? null };
}

export async function lateUpdateHandlerWorkflow(): Promise<void> {
  await sleep(1);
  setHandler(add, (amount) => amount);
  await sleep(1);
}

export async function hastyWorkflow(): Promise<void> {
  setHandler(finish, async () => {
    await sleep('1 day');
  });
  setHandler(add, async (amount) => {
    await sleep('1 day');
    return amount;
  }, { unfinishedPolicy: 'ABANDON' });
  await sleep(1);
}

export async function defaultHandlersWorkflow(): Promise<string[]> {
  const seen: string[] = [];
  await sleep(1);
  setHandler(defineSignal<[string]>('known'), (word) => void seen.push(`known ${word}`));
  setDefaultSignalHandler((name, ...args) => void seen.push(`${name} ${args.join()}`));
  setDefaultUpdateHandler((name, ...args) => `${name} ${args.join()}`);
  setDefaultQueryHandler((name, ...args) => `${name} ${args.join()}`);
  setHandler(defineQuery<number>('own'), () => seen.length);
  await sleep(1);
  return seen;
}

export async function asyncValidatorWorkflow(): Promise<void> {
  setHandler(add, (amount) => amount, {
    validator: (async () => {
      throw new Error('too late');
    }) as unknown as (amount: number) => void,
  });
  await sleep(1);
}
