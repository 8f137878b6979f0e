/**
 * One step of the same order without Backstitch, as people chain BullMQ queues by hand: a worker does its insert, then adds the next queue's job. A
 * crash between the two loses the order; that is what the comparison leaves out.
 */
import type { Job } from 'bullmq';
import pg from 'pg';
import { failsAtLastStep, STEP_SERVICES, type BenchOrder, type StepService } from '../order.js';
import { answerCoordinator, tell } from './answer-coordinator.js';
import { rawQueue, rawWorker } from './raw-queues.js';

const { env } = process;
const service = env['SERVICE'] as StepService;
const position = STEP_SERVICES.indexOf(service);
const previous = STEP_SERVICES[position - 1];
const next = STEP_SERVICES[position + 1];
const previousQueue = previous === undefined ? undefined : rawQueue(previous);
const nextQueue = next === undefined ? undefined : rawQueue(next);
const pool = new pg.Pool({ connectionString: env['DATABASE_URL'], max: Number(env['DATABASE_POOL_MAX']), keepAlive: true });
pool.on('error', () => undefined);

/** Orders that ended here are told in lots, the first at once; with a pause of 0 each at once. */
let tellPauseMs = 20;
let ended: number[] = [];
let telling = false;

function orderEnded(orderNumber: number): void {
  ended.push(orderNumber);
  if (telling) return;
  telling = true;
  tellEnded();
}

function tellEnded(): void {
  if (ended.length === 0) {
    telling = false;
    return;
  }
  tell({ ended });
  ended = [];
  if (tellPauseMs === 0) telling = false;
  else setTimeout(tellEnded, tellPauseMs);
}

const INSERT = {
  step: 'INSERT INTO raw_effect (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3) ON CONFLICT (idempotency_key) DO NOTHING',
  undo: 'INSERT INTO raw_undone (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3) ON CONFLICT (idempotency_key) DO NOTHING',
} as const;

/** A statement alone is a transaction; a named one is parsed once a connection. */
async function insert(kind: keyof typeof INSERT, { orderNumber, amountMinor }: BenchOrder): Promise<void> {
  await pool.query({ name: kind, text: INSERT[kind], values: [`${orderNumber}:${service}:${kind}`, orderNumber, amountMinor] });
}

const worker = rawWorker(
  service,
  async ({ name, data }: Job<BenchOrder>) => {
    if (name === 'undo') {
      await insert('undo', data);
      if (previousQueue === undefined) orderEnded(data.orderNumber);
      else await previousQueue.add('undo', data, { removeOnComplete: true });
      return;
    }
    if (nextQueue === undefined && failsAtLastStep(data)) {
      await previousQueue?.add('undo', data, { removeOnComplete: true });
      return;
    }
    await insert('step', data);
    if (nextQueue === undefined) orderEnded(data.orderNumber);
    else await nextQueue.add('step', data, { removeOnComplete: true });
  },
  Number(env['CONCURRENCY']),
);
worker.on('error', (error) => console.error(`raw ${service}: ${error.message}`));
worker.on('failed', (_job, error) => console.error(`raw ${service}: a job failed: ${error.message}`));
await worker.waitUntilReady();

answerCoordinator({ 'tell-pause': ({ pauseMs }: { pauseMs: number }) => void (tellPauseMs = pauseMs) }, async () => {
  await worker.close(true);
  await Promise.all([previousQueue?.close(), nextQueue?.close(), pool.end()]);
});
