import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Isolate } from '../isolate.js';
import { ServingWindow } from './serving-window.js';
import type { HostMessage, RoundsOutcome, SandboxWorkerData, WorkerMessage } from './worker-messages.js';

// The worker thread's program: one isolate, fed with rounds of activations. The first message after a pause comes through the event loop and opens a window; what
// follows within it is taken straight from the port, asleep on the doorbell in between, which is the shortest way from thread to thread.
const { bundle, activationTimeoutMs, doorbell } = workerData as SandboxWorkerData;
const port = parentPort;
if (port === null) throw new Error('This program runs in a worker thread.');
const bell = new Int32Array(doorbell);
const isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: false, limitedByCaller: true });
const post = (message: WorkerMessage): void => port.postMessage(message);

/** Once a message has taken so long, no more of its rounds are begun: others may be waiting by now. */
const MESSAGE_MS = 10;

let next: HostMessage | undefined;
/** The message that is answered now. The thread can be stopped at any point: a round that was begun and has no result yet is under way. */
let current: { resultsJson: string[]; roundsBegun: number } | undefined;

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
    case 'activate':
      return activate(message.roundsJson);
    case 'evict':
      return isolate.evict(message.runIdsJson);
    default:
      throw new Error(`Unknown message ${JSON.stringify(message satisfies never)}`);
  }
}

function activate(roundsJson: readonly string[]): void {
  const endMs = performance.now() + Math.min(MESSAGE_MS, window.remainingMs);
  const resultsJson: string[] = [];
  current = { resultsJson, roundsBegun: 0 };
  for (const roundJson of roundsJson) {
    current.roundsBegun += 1;
    const outcome = isolate.activate(roundJson);
    if (outcome.status === 'timedOut') return answer({ culprit: outcome.culprit });
    resultsJson.push(outcome.resultsJson);
    if (performance.now() >= endMs) break;
  }
  answer();
}

function answer(stopped?: RoundsOutcome['stopped']): void {
  const { resultsJson } = current as { resultsJson: string[] };
  current = undefined;
  post({ type: 'outcome', outcome: stopped === undefined ? { resultsJson } : { resultsJson, stopped } });
}

// A workflow may well await in a later activation what fails in this one; nothing else runs in this thread.
process.on('unhandledRejection', () => undefined);
process.on('rejectionHandled', () => undefined);

port.on('message', (message: HostMessage) => {
  next = message;
  // More than once if the process was paused: then a window can be stopped between two messages, or between two rounds, of which the host gives the rest anew.
  while (next !== undefined) {
    if (window.open() || current === undefined) continue;
    const isRoundUnderWay = current.roundsBegun > current.resultsJson.length;
    answer(isRoundUnderWay ? { culprit: isolate.abandonBatch().culprit } : undefined);
  }
});
post({ type: 'ready' });
