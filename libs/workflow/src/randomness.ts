import { runFor } from './current-run.js';
import { streamOf, type WorkflowRandomStream } from './random-streams.js';

/** The run's own random numbers, as a stream. */
export const workflowRandom: WorkflowRandomStream = streamOf(() => runFor('workflowRandom').random.own);

/** A stream of random numbers by its name: what draws from it does not change what others draw. */
export function getRandomStream(name: string): WorkflowRandomStream {
  const { random } = runFor('getRandomStream');
  return streamOf(() => random.named(name));
}
