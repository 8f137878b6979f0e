import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Isolate } from '../isolate.js';
import { ServingWindow } from './serving-window.js';
import type { HostMessage, SandboxWorkerData, WorkerMessage } from './worker-messages.js';

// The worker thread's program: one isolate, fed with batches. The first message after a pause comes through the event loop and opens a window; what
// follows within it is taken straight from the port, asleep on the doorbell in between, which is the shortest way from thread to thread.
const { bundle, activationTimeoutMs, doorbell } = workerData as SandboxWorkerData;
const port = parentPort;
if (port === null) throw new Error('This program runs in a worker thread.');
const bell = new Int32Array(doorbell);
const isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: false, limitedByCaller: true });
const post = (message: WorkerMessage): void => port.postMessage(message);

let next: HostMessage | undefined;
let batchIsUnderWay = false;

const window = new ServingWindow(activationTimeoutMs, () => {
  while (next !== undefined) {
    const message = next;
    next = undefined;
    handle(message);
    for (let remainingMs = window.remainingMs; remainingMs > 0 && next === undefined; remainingMs = window.remainingMs) {
      const rung = Atomics.load(bell, 0);
      next = (receiveMessageOnPort(port) as { message: HostMessage } | undefined)?.message;
      if (next === undefined) Atomics.wait(bell, 0, rung, remainingMs);
    }
  }
});

function handle(message: HostMessage): void {
  switch (message.type) {
    case 'activate': {
      batchIsUnderWay = true;
      const outcome = isolate.activate(message.batchJson);
      batchIsUnderWay = false;
      return post({ type: 'outcome', outcome });
    }
    case 'evict':
      return isolate.evict(message.runIdsJson);
    default:
      throw new Error(`Unknown message ${JSON.stringify(message satisfies never)}`);
  }
}

// A workflow may well await in a later activation what fails in this one; nothing else runs in this thread.
process.on('unhandledRejection', () => undefined);
process.on('rejectionHandled', () => undefined);

port.on('message', (message: HostMessage) => {
  next = message;
  // More than once if the process was paused: then a window can be stopped between two batches.
  while (next !== undefined) {
    if (window.open() || !batchIsUnderWay) continue;
    batchIsUnderWay = false;
    post({ type: 'outcome', outcome: isolate.abandonBatch() });
  }
});
post({ type: 'ready' });
