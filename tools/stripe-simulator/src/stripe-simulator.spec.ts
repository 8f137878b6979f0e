import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator, type StripeSimulatorOptions } from './index.js';

interface Answer {
  status: number;
  replayed: boolean;
  // Stripe's objects and errors: what a test reads of them is checked by its expectations.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

const open: StripeSimulator[] = [];

async function simulator(options: StripeSimulatorOptions = {}): Promise<StripeSimulator> {
  const started = await startStripeSimulator({ hangMs: 50, lateMs: 20, ...options });
  open.push(started);
  return started;
}

async function post(to: StripeSimulator, path: string, fields: Record<string, string> = {}, key?: string): Promise<Answer> {
  const response = await fetch(to.url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_1', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, replayed: response.headers.get('idempotent-replayed') === 'true', body: await response.json() };
}

async function get(from: StripeSimulator, path: string): Promise<Answer> {
  const response = await fetch(from.url + path, { headers: { authorization: 'Bearer sk_test_1' } });
  return { status: response.status, replayed: false, body: await response.json() };
}

const create = (to: StripeSimulator, card: string, key?: string) =>
  post(to, '/v1/payment_intents', { amount: '1250', currency: 'gbp', payment_method: card, 'metadata[order_id]': '7' }, key);

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

describe('the Stripe simulator', () => {
  it('given an unconfirmed intent, when it is confirmed, then it is charged once and a second confirmation is refused', async () => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, 'pm_card_visa');
    expect(intent).toMatchObject({ status: 'requires_confirmation', amount: 1250, metadata: { order_id: '7' } });
    expect(stripe.totals()).toMatchObject({ charges: 0, unconfirmedPaymentIntents: 1 });

    expect((await post(stripe, `/v1/payment_intents/${intent.id}/confirm`)).body.status).toBe('succeeded');
    const again = await post(stripe, `/v1/payment_intents/${intent.id}/confirm`);

    expect(again).toMatchObject({ status: 400, body: { error: { code: 'payment_intent_unexpected_state' } } });
    expect(stripe.totals()).toMatchObject({ charges: 1, charged: { gbp: 1250 } });
  });

  it('given a request under a key, when it comes again, then the first answer is repeated, and other fields are refused', async () => {
    const stripe = await simulator();
    const first = await create(stripe, 'tok_visa', 'k1');
    const again = await create(stripe, 'tok_visa', 'k1');
    expect(again).toEqual({ ...first, replayed: true });
    expect(await create(stripe, 'tok_amex', 'k1')).toMatchObject({ status: 400, body: { error: { type: 'idempotency_error' } } });

    stripe.forgetKeys('k1');
    expect((await create(stripe, 'tok_visa', 'k1')).body.id).not.toBe(first.body.id);
  });

  it('given a 500 under a key, when the request comes again, then the 500 is repeated until another key is used', async () => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, 'tok_500');
    const confirm = `/v1/payment_intents/${intent.id}/confirm`;
    expect(await post(stripe, confirm, {}, 'k1')).toMatchObject({ status: 500, replayed: false });
    expect(await post(stripe, confirm, {}, 'k1')).toMatchObject({ status: 500, replayed: true });
    expect(await post(stripe, confirm, {}, 'k2')).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  });

  it('given a 429, when the request comes again under its key, then it is carried out', async () => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, 'tok_429');
    const confirm = `/v1/payment_intents/${intent.id}/confirm`;
    expect(await post(stripe, confirm, {}, 'k1')).toMatchObject({ status: 429, body: { error: { code: 'rate_limit' } } });
    expect(await post(stripe, confirm, {}, 'k1')).toMatchObject({ status: 200, replayed: false });
  });

  it.each(['tok_timeoutAfterCharge', 'tok_dropAfterCharge', 'tok_500AfterCharge'])('given %s, when it is confirmed, then the caller is in doubt and the charge stands', async (card) => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, card);
    const outcome = await post(stripe, `/v1/payment_intents/${intent.id}/confirm`, {}, 'k1').then(
      (answer) => answer.status,
      () => 'no answer',
    );
    expect([500, 'no answer']).toContain(outcome);
    expect((await get(stripe, `/v1/payment_intents/${intent.id}`)).body.status).toBe('succeeded');
  });

  it('given a charge that is late, when its intent is cancelled in the meantime, then it never happens', async () => {
    const stripe = await simulator({ lateMs: 40, hangMs: 80 });
    const { body: intent } = await create(stripe, 'tok_chargeAfterTimeout');
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'performance', 'Date'] });
    try {
      const confirming = post(stripe, `/v1/payment_intents/${intent.id}/confirm`, {}, 'k1').catch(() => 'no answer');
      while (stripe.requestCount() < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(await post(stripe, `/v1/payment_intents/${intent.id}/confirm`, {}, 'k1')).toMatchObject({ status: 409 });
      expect((await post(stripe, `/v1/payment_intents/${intent.id}/cancel`)).body.status).toBe('canceled');
      jest.advanceTimersByTime(80);
      expect(await confirming).toBe('no answer');
    } finally {
      jest.useRealTimers();
    }
    expect(stripe.totals()).toMatchObject({ charges: 0 });
  });

  it('given a declined card, when it is confirmed, then the answer is 402 with the intent, which can be cancelled', async () => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, 'tok_chargeDeclinedInsufficientFunds');
    expect(await post(stripe, `/v1/payment_intents/${intent.id}/confirm`)).toMatchObject({
      status: 402,
      body: { error: { code: 'card_declined', decline_code: 'insufficient_funds', payment_intent: { status: 'requires_payment_method' } } },
    });
    expect((await post(stripe, `/v1/payment_intents/${intent.id}/cancel`)).body.status).toBe('canceled');
  });

  it('given a charge, when it is refunded in parts, then the parts are listed and never exceed it', async () => {
    const stripe = await simulator();
    const { body: intent } = await create(stripe, 'pm_card_visa');
    await post(stripe, `/v1/payment_intents/${intent.id}/confirm`);
    const refund = (amount: string) => post(stripe, '/v1/refunds', { payment_intent: intent.id, amount, 'metadata[part]': amount });
    expect((await refund('1000')).status).toBe(200);
    expect((await refund('251')).status).toBe(400);
    expect((await refund('250')).status).toBe(200);
    expect(await refund('1')).toMatchObject({ status: 400, body: { error: { code: 'charge_already_refunded' } } });
    const page = await get(stripe, `/v1/refunds?payment_intent=${intent.id}&limit=1`);
    expect(page.body).toMatchObject({ has_more: true, data: [{ amount: 250, metadata: { part: '250' } }] });
    const rest = await get(stripe, `/v1/refunds?payment_intent=${intent.id}&starting_after=${page.body.data[0].id}`);
    expect(rest.body).toMatchObject({ has_more: false, data: [{ amount: 1000 }] });
  });

  it('given a journal, when the simulator is started again, then charges, refunds and keys are remembered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulator-'));
    try {
      const journalFile = join(folder, 'journal.jsonl');
      const before = await simulator({ journalFile });
      const { body: intent } = await create(before, 'pm_card_visa', 'k1');
      await post(before, `/v1/payment_intents/${intent.id}/confirm`);
      await post(before, '/v1/refunds', { payment_intent: intent.id, amount: '50' });
      const totals = before.totals();
      await before.close();

      const after = await simulator({ journalFile });
      expect(after.totals()).toEqual(totals);
      expect(after.charges()).toMatchObject([{ amount: 1250, refunded: 50 }]);
      expect(await create(after, 'pm_card_visa', 'k1')).toMatchObject({ replayed: true, body: { id: intent.id } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('given no API key, an unknown card or an amount that is none, when a call is made, then it is refused', async () => {
    const stripe = await simulator();
    expect((await fetch(`${stripe.url}/v1/payment_intents/pi_1`)).status).toBe(401);
    expect(await create(stripe, 'tok_nobody')).toMatchObject({ status: 400, body: { error: { code: 'resource_missing' } } });
    expect(await post(stripe, '/v1/payment_intents', { amount: '1.5', currency: 'gbp' }, 'k1')).toMatchObject({ status: 400 });
    expect(await create(stripe, 'tok_visa', 'k1')).toMatchObject({ status: 200 });
  });

  it('given a fault rate and a seed, when the same requests are made of two simulators, then they meet the same faults', async () => {
    const outcomes = await Promise.all(
      [0, 1].map(async () => {
        const stripe = await simulator({ faultRate: 0.5, seed: '11', faultKinds: ['rate_limit', 'error_before'] });
        return Promise.all(Array.from({ length: 20 }, async (_, index) => (await create(stripe, 'tok_visa', `k${index}`)).status));
      }),
    );
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(new Set(outcomes[0])).toEqual(new Set([200, 429, 500]));
  });
});
