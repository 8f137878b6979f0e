import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { DEFAULT_SEED, Exploration, type PartialReport } from './exploration.js';
import { ExploreOptionError } from './explorer-errors.js';
import type { ExplorationDefinition } from './exploration-definition.js';
import { ProgressTeller } from './progress.js';
import { sceneOf } from './scene.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

/** Explores this thread's share of a definition, and tells what it came to. */
export async function exploreShare<State extends object>({ workflow, options: defined }: ExplorationDefinition<State>): Promise<void> {
  const port = parentPort as MessagePort;
  const { index, count, firstFailure, played, options: changed } = workerData as ThreadData;
  const tell = (message: FromThread): void => port.postMessage(message);
  const teller = new ProgressTeller((progress) => tell({ type: 'progress', progress }));
  try {
    const options = { ...defined, ...changed };
    const scene = await sceneOf(workflow, options, async (workflowsPath) => bundleFrom(port, workflowsPath));
    const exploration = new Exploration(scene, options, {
      index,
      count,
      isIdle: (position) => Atomics.load(firstFailure, 0) < position,
      failed: (position) => lower(firstFailure, position),
      tell: (progress) => {
        Atomics.add(played, index, 1);
        teller.tell(progress);
      },
    });
    tell({ type: 'ended', seed: options.seed ?? DEFAULT_SEED, report: sendable(await exploration.run()) });
  } catch (error) {
    const wrongOption = error instanceof ExploreOptionError ? { option: error.option, reason: error.reason } : undefined;
    tell({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)), ...(wrongOption === undefined ? {} : { wrongOption }) });
  } finally {
    port.unref();
  }
}

async function bundleFrom(port: MessagePort, workflowsPath: string): Promise<WorkflowBundle> {
  const answer = new Promise<ToThread>((resolve) => port.once('message', resolve));
  port.postMessage({ type: 'bundleWanted', workflowsPath } satisfies FromThread);
  return (await answer).bundle;
}

/** Writes the position, unless a lower one stands there. */
function lower(firstFailure: Int32Array, position: number): void {
  for (let known = Atomics.load(firstFailure, 0); position < known; ) {
    const found = Atomics.compareExchange(firstFailure, 0, known, position);
    known = found === known ? position : found;
  }
}

/** What an invariant throws may hold anything: its text goes, in `message`. */
function sendable({ failure, ...report }: PartialReport): PartialReport {
  if (failure === undefined) {
    return report;
  }
  const { error: _error, ...told } = failure.failure;
  return { ...report, failure: { position: failure.position, failure: told } };
}
