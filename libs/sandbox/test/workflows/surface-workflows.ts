import { defineSearchAttributeKey } from '@backstitch/workflow/common';
import {
  ApplicationFailure,
  type AsyncLocalStorage,
  defineQuery,
  defineSignal,
  getCurrentDetails,
  inWorkflowContext,
  log,
  metricMeter,
  proxySinks,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
  type Sinks,
} from '@backstitch/workflow';

const total = defineSearchAttributeKey('Total', 'INT');
const placed = defineSearchAttributeKey('PlacedAt', 'DATETIME');
const kind = defineSearchAttributeKey('Kind', 'KEYWORD');

export async function attributesWorkflow(): Promise<unknown> {
  upsertSearchAttributes([
    { key: total, value: 3 },
    { key: placed, value: new Date(0) },
    { key: kind, value: 'gift' },
  ]);
  upsertSearchAttributes({ Kind: ['order'], Total: [] });
  upsertMemo({ note: 'fragile', gone: null });
  const { typedSearchAttributes, searchAttributes, memo } = workflowInfo();
  return { kind: typedSearchAttributes.get(kind), placed: typedSearchAttributes.get(placed)?.getTime(), total: typedSearchAttributes.get(total) ?? null, searchAttributes, memo };
}

export async function infoWorkflow(): Promise<unknown> {
  const { unsafe, typedSearchAttributes: _, lastFailure, ...info } = workflowInfo();
  return { ...info, now: unsafe.now(), inContext: inWorkflowContext(), lastFailure: lastFailure instanceof ApplicationFailure ? lastFailure.message : null };
}

interface Events extends Sinks {
  events: { happened(what: string, details: object): void };
}
const { events } = proxySinks<Events>();

export async function tellingWorkflow(): Promise<void> {
  const details = { n: 1 };
  events.happened('begin', details);
  details.n = 2;
  metricMeter.withTags({ shop: 'a' }).createCounter('orders', '1', 'all orders').add(1, { kind: 'gift' });
  metricMeter.createHistogram('size', 'float').record(1.5);
  log.error('oops', { error: new RangeError('too far'), n: 1 });
  await sleep(1);
}

export async function describedWorkflow(): Promise<string> {
  setHandler(defineQuery<string>('status'), () => 'fine', { description: 'how it is' });
  setHandler(defineSignal('stop'), () => undefined);
  setCurrentDetails('waiting for a day');
  await sleep('1 day');
  return getCurrentDetails();
}

class OutOfStock extends Error {}

export async function declaredFailureWorkflow(): Promise<void> {
  await sleep(1);
  throw new OutOfStock('none left');
}
setWorkflowOptions({ failureExceptionTypes: [OutOfStock] }, declaredFailureWorkflow);

export async function globalsWorkflow(): Promise<unknown> {
  const seen: unknown[] = [];
  const cancelled = setTimeout(() => seen.push('never'), 5);
  setTimeout((word: string) => seen.push(word), 10, 'timeout');
  clearTimeout(cancelled);
  const controller = new AbortController();
  controller.signal.addEventListener('abort', () => seen.push('aborted'));
  controller.abort();
  seen.push(controller.signal.aborted);
  seen.push(new TextDecoder().decode(new TextEncoder().encode('é漢')));
  seen.push(structuredClone({ when: new Date(5), map: new Map([[1, { a: [1] }]]) }).map.get(1));
  const more = globalThis as unknown as { AsyncLocalStorage: new () => AsyncLocalStorage<string>; assert: { equal(left: unknown, right: unknown): void }; Symbol: { dispose: unknown } };
  more.assert.equal(typeof more.Symbol.dispose, 'symbol');
  const storage = new more.AsyncLocalStorage();
  await storage.run('stored', async () => {
    await sleep(20);
    seen.push(storage.getStore());
  });
  return seen;
}

export async function throwingTimeoutWorkflow(): Promise<void> {
  setTimeout(() => {
    throw new TypeError('a bug in a callback');
  }, 1);
  await sleep('1 day');
}
