import { CancellationScope, saga, sleep } from '@backstitch/workflow';
import { steps, undos } from './activities.js';

const { reserve, charge } = steps();
const { release } = undos();

/** Branches that race in every way that code can wait; the result tells who came when. */
export async function interleavingWorkflow(): Promise<string> {
  const trace: string[] = [];
  const mark = (word: string): void => void trace.push(word);
  const awaiting = async (name: string, times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      mark(name + index);
      await Promise.resolve();
    }
  };
  const chained = (name: string, times: number): Promise<unknown> =>
    times === 0 ? Promise.resolve() : Promise.resolve().then(() => (mark(name + times), times % 2 === 0 ? undefined : chained(name, times - 1)));
  async function* generated(): AsyncGenerator<number> {
    for (let index = 0; index < 3; index++) {
      mark(`g${index}`);
      yield index;
    }
  }
  const inSaga = saga(async (s) => {
    mark('s0');
    await s.step(reserve, { order: 'o' }, { undo: release });
    mark('s1');
    await awaiting('x', 3);
    await s.step(charge, { order: 'o' }, { undo: 'none' });
  }).then(
    () => mark('done'),
    (error: Error) => mark(error.name),
  );
  const looping = CancellationScope.cancellable(async () => {
    for await (const value of generated()) mark(`f${value}`);
    await sleep(1_000);
    mark('slept');
  });
  await Promise.all([inSaga, looping, awaiting('y', 6), chained('p', 5)]);
  return trace.join(' ');
}
