import { parentPort, workerData } from 'node:worker_threads';
import { Isolate } from '../isolate.js';
import type { HostMessage, SandboxWorkerData, WorkerMessage } from './worker-messages.js';

// The worker thread's program: one isolate, fed with batches.
const { bundle, activationTimeoutMs } = workerData as SandboxWorkerData;
const port = parentPort;
if (port === null) throw new Error('This program runs in a worker thread.');
const isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: false });
// A workflow may well await in a later activation what fails in this one; nothing else runs in this thread.
process.on('unhandledRejection', () => undefined);
process.on('rejectionHandled', () => undefined);
const post = (message: WorkerMessage): void => port.postMessage(message);

port.on('message', (message: HostMessage) => {
  switch (message.type) {
    case 'activate':
      return post({ type: 'outcome', outcome: isolate.activate(message.batchJson) });
    case 'evict':
      return isolate.evict(message.runIdsJson);
    default:
      throw new Error(`Unknown message ${JSON.stringify(message satisfies never)}`);
  }
});
post({ type: 'ready' });
