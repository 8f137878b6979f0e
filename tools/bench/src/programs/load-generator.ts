/** Puts orders into one of the two systems: in bulk, or one at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '@backstitch/client';
import { LIMITS, OverloadedError, StoreUnavailableError } from '@backstitch/protocol';
import { latencyPathOf, type LatencyPath } from '../latency-path.js';
import { failsAtLastStep, makeOrder } from '../order.js';
import { answerCoordinator, tell, type Request } from './answer-coordinator.js';
import { rawQueue } from './raw-queues.js';

const { env } = process;
const client = new ControlClient({ url: env['CONTROL_URL'] ?? '', token: env['CONTROL_TOKEN'] ?? '', identity: 'bench', timeoutMs: 30_000 });
const firstQueue = rawQueue('inventory');

const CALL_ORDERS_MAX = Math.min(100, LIMITS.startsPerCallMax);
const CALLS_AT_ONCE = 4;
const PATHS_READ_MAX = 100;

export type System = 'backstitch' | 'bullmq';
interface Span {
  system: System;
  firstNumber: number;
  orders: number;
}

/** Orders of the bulk under way that have ended, as the coordinator sees it. */
let endedOrders = 0;
let wakeUp: () => void = () => undefined;

const workflowIdOf = (orderNumber: number) => `bench-${orderNumber}`;
const startOf = (orderNumber: number) => ({ workflowId: workflowIdOf(orderNumber), workflowType: 'benchOrderWorkflow', args: [makeOrder(orderNumber)] });

async function put(system: System, numbers: number[]): Promise<void> {
  if (system === 'bullmq') {
    await firstQueue.addBulk(numbers.map((orderNumber) => ({ name: 'step', data: makeOrder(orderNumber), opts: { removeOnComplete: true } })));
    return;
  }
  const starts = numbers.map(startOf);
  for (;;) {
    try {
      const results = await client.startMany(starts);
      const refused = results.find(({ status }) => status !== 'started' && status !== 'existing');
      if (refused !== undefined) throw new Error(`A start was refused: ${JSON.stringify(refused)}`);
      return;
    } catch (error) {
      if (!(error instanceof OverloadedError || error instanceof StoreUnavailableError)) throw error;
      await delay(error.retryAfterMs);
    }
  }
}

/** Resolves when all are taken in. At most `outstandingMax` are open at once. */
async function startInBulk({ system, firstNumber, orders, outstandingMax }: Span & { outstandingMax: number }): Promise<void> {
  endedOrders = 0;
  let begun = 0;
  let accepted = 0;
  const pump = async () => {
    while (begun < orders) {
      const lot = Math.min(CALL_ORDERS_MAX, orders - begun);
      if (begun > 0 && begun + lot - endedOrders > outstandingMax) {
        await new Promise<void>((resolve) => {
          const before = wakeUp;
          wakeUp = () => {
            before();
            resolve();
          };
        });
        continue;
      }
      const first = firstNumber + begun;
      begun += lot;
      await put(system, Array.from({ length: lot }, (_, index) => first + index));
      accepted += lot;
      tell({ accepted });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, pump));
}

/** One order after the other; each from the call that starts it to its result. `paths` are those of the first ones that completed. */
async function startOneByOne({ system, firstNumber, orders }: Span): Promise<{ latenciesMs: number[]; paths: LatencyPath[] }> {
  const latenciesMs: number[] = [];
  for (let orderNumber = firstNumber; orderNumber < firstNumber + orders; orderNumber += 1) {
    const startedAtMs = performance.now();
    if (system === 'backstitch') {
      await client.start('benchOrderWorkflow', { workflowId: workflowIdOf(orderNumber), args: [makeOrder(orderNumber)] });
      await client.getHandle(workflowIdOf(orderNumber)).result({ timeoutMs: 30_000 });
    } else {
      endedOrders = 0;
      const ended = new Promise<void>((resolve) => (wakeUp = resolve));
      await put('bullmq', [orderNumber]);
      await ended;
    }
    latenciesMs.push(performance.now() - startedAtMs);
  }
  const paths: LatencyPath[] = [];
  if (system === 'backstitch') {
    for (let orderNumber = firstNumber; orderNumber < firstNumber + Math.min(orders, PATHS_READ_MAX); orderNumber += 1) {
      if (!failsAtLastStep({ orderNumber })) paths.push(latencyPathOf(await client.getHandle(workflowIdOf(orderNumber)).history()));
    }
  }
  return { latenciesMs, paths };
}

answerCoordinator(
  {
    'start-in-bulk': (request: Request & Span & { outstandingMax: number }) => startInBulk(request),
    'start-one-by-one': (request: Request & Span) => startOneByOne(request),
    ended: ({ count }: Request & { count: number }) => {
      endedOrders = count;
      const wake = wakeUp;
      wakeUp = () => undefined;
      wake();
    },
  },
  async () => {
    await Promise.all([client.close(), firstQueue.close()]);
  },
);
