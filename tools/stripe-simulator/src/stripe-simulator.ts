import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Account } from './account.js';
import { FaultPlan, FAULTS, type Fault } from './fault.js';
import { FaultInjector, type Operation } from './fault-injector.js';
import { canonicalForm, parseFormBody, type FormBody } from './form-body.js';
import { IdempotencyKeys, type StoredAnswer } from './idempotency-keys.js';
import { Journal, type JournalEntry } from './journal.js';
import type { ChargeSummary, Totals } from './objects.js';
import { readLimit, readMetadata, readOptional, readPaymentMethod, readRequired } from './parameters.js';
import { StripeApiError } from './stripe-api-error.js';

export interface StripeSimulatorOptions {
  /** @default '127.0.0.1' */
  host?: string;
  /** @default 0, a free one */
  port?: number;
  /** Share of requests that meet a fault, 0 to 1. @default 0 */
  faultRate?: number;
  /** What faults are drawn from. @default 'backstitch' */
  seed?: string;
  /** Which faults may be drawn. @default all */
  faultKinds?: readonly Fault[];
  /** How long a request hangs before its connection is closed, in milliseconds. @default 30,000 */
  hangMs?: number;
  /** When a `late` effect happens after its request came in, in milliseconds. @default 1,000 */
  lateMs?: number;
  /** Where charges are remembered over a restart. @default nowhere */
  journalFile?: string;
  /** Told of every request that failed for no reason of the caller's and by no fault that was asked for. @default nobody is told */
  onError?: (error: unknown) => void;
}

/** A running simulator. */
export interface StripeSimulator {
  /** e.g. `http://127.0.0.1:4711` */
  readonly url: string;
  charges(): ChargeSummary[];
  totals(): Totals;
  /** What Stripe does after 24 hours: one key, or all. */
  forgetKeys(key?: string): void;
  /** How many requests that change something came in, repeats included. */
  requestCount(): number;
  /** Ends hanging requests and writes what is left. */
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Starts a simulator of Stripe's REST calls for PaymentIntents and Refunds, as the `stripe` package uses them.
 * State is in memory, and in the journal file if there is one.
 */
export async function startStripeSimulator(options: StripeSimulatorOptions = {}): Promise<StripeSimulator> {
  const server = await SimulatorServer.open(options);
  return server.listen(options.host ?? '127.0.0.1', options.port ?? 0);
}

class SimulatorServer {
  readonly #app: FastifyInstance = fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  readonly #account: Account;
  readonly #keys = new IdempotencyKeys();
  readonly #faults: FaultInjector;
  readonly #hangMs: number;
  readonly #lateMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #journal: Journal | undefined;
  #requests = 0;

  private constructor(options: StripeSimulatorOptions) {
    this.#account = new Account((change) => this.#journal?.append(change));
    this.#faults = new FaultInjector(new FaultPlan(options.faultRate ?? 0, options.seed ?? 'backstitch', options.faultKinds ?? FAULTS));
    this.#hangMs = options.hangMs ?? 30_000;
    this.#lateMs = options.lateMs ?? 1_000;
    this.#onError = options.onError ?? (() => undefined);
    this.#defineRoutes();
  }

  static async open(options: StripeSimulatorOptions): Promise<SimulatorServer> {
    const server = new SimulatorServer(options);
    if (options.journalFile !== undefined) await server.#openJournal(options.journalFile);
    return server;
  }

  async listen(host: string, port: number): Promise<StripeSimulator> {
    const url = await this.#app.listen({ host, port });
    return {
      url,
      charges: () => this.#account.charges(),
      totals: () => this.#account.totals(),
      forgetKeys: (key) => this.#forgetKeys(key),
      requestCount: () => this.#requests,
      close: () => this.#close(),
    };
  }

  async #openJournal(path: string): Promise<void> {
    for await (const entry of Journal.read(path)) {
      if ('paymentIntent' in entry) this.#account.restorePaymentIntent(entry.paymentIntent);
      else if ('refund' in entry) this.#account.restoreRefund(entry.refund);
      else if ('forget' in entry) this.#keys.forget(entry.forget ?? undefined);
      else this.#keys.store(entry.key, entry.request, entry.answer, entry.storedAtMs);
    }
    this.#journal = await Journal.rewrite(path, chain<JournalEntry>(this.#account.contents(), this.#keys.contents()));
  }

  #defineRoutes(): void {
    const app = this.#app;
    const account = this.#account;
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, parseFormBody(text as string));
      } catch (error) {
        done(error as Error);
      }
    });
    app.setErrorHandler((error, _request, reply) => this.#sendError(reply, error));
    app.setNotFoundHandler((request, reply) =>
      this.#sendError(reply, new StripeApiError(404, 'invalid_request_error', `Unrecognized request URL (${request.method}: ${request.url}).`)),
    );
    app.addHook('onRequest', async (request) => {
      if (request.url.startsWith('/v1/') && !/^Bearer (sk|rk)_\w+$/.test(request.headers.authorization ?? '')) {
        throw new StripeApiError(401, 'invalid_request_error', 'Invalid API Key provided.');
      }
    });

    app.get('/health/live', async () => ({ status: 'live' }));
    app.get('/health/ready', async () => ({ status: 'ready' }));
    app.get('/_simulator/charges', async () => ({ charges: account.charges() }));
    app.get('/_simulator/totals', async () => account.totals());
    app.post('/_simulator/forget-keys', async (request) => {
      const { key } = (request.body ?? {}) as { key?: string };
      this.#forgetKeys(key);
      await this.#journal?.flushed();
      return { forgotten: key ?? 'all' };
    });

    app.get('/v1/payment_intents', async (request) => account.listPaymentIntents(pageOf(request)));
    app.get('/v1/payment_intents/:id', async (request) => account.paymentIntent(idOf(request)));
    app.get('/v1/refunds', async (request) => {
      const { payment_intent: paymentIntent } = request.query as { payment_intent?: string };
      return account.listRefunds({ paymentIntent, ...pageOf(request) });
    });
    app.get('/v1/refunds/:id', async (request) => account.refund(idOf(request)));

    app.post('/v1/payment_intents', (request, reply) => {
      const body = bodyOf(request);
      const card = readPaymentMethod(body);
      return this.#change(request, reply, 'create', card, () =>
        account.createPaymentIntent({
          amount: Number(readRequired(body, 'amount')),
          currency: readRequired(body, 'currency'),
          paymentMethod: card,
          metadata: readMetadata(body),
        }),
      );
    });
    app.post('/v1/payment_intents/:id/confirm', (request, reply) => {
      const intent = account.paymentIntent(idOf(request));
      return this.#change(request, reply, 'confirm', intent.payment_method, (fault) =>
        account.confirmPaymentIntent(intent.id, fault === 'decline' ? 'generic_decline' : undefined),
      );
    });
    app.post('/v1/payment_intents/:id/cancel', (request, reply) => {
      const intent = account.paymentIntent(idOf(request));
      return this.#change(request, reply, 'cancel', intent.payment_method, () =>
        account.cancelPaymentIntent(intent.id, readOptional(bodyOf(request), 'cancellation_reason')),
      );
    });
    app.post('/v1/refunds', (request, reply) => {
      const body = bodyOf(request);
      const paymentIntent = readRequired(body, 'payment_intent');
      const amount = readOptional(body, 'amount');
      const card = account.paymentIntent(paymentIntent).payment_method;
      return this.#change(request, reply, 'refund', card, () =>
        account.createRefund({
          paymentIntent,
          amount: amount === undefined ? undefined : Number(amount),
          reason: readOptional(body, 'reason'),
          metadata: readMetadata(body),
        }),
      );
    });
  }

  /** Carries out a request that changes something, under its idempotency key, with what goes wrong on the way. */
  async #change(
    request: FastifyRequest,
    reply: FastifyReply,
    operation: Operation,
    card: string | null | undefined,
    effect: (fault: Fault | undefined) => object,
  ): Promise<FastifyReply | void> {
    this.#requests += 1;
    const given = request.headers['idempotency-key'];
    const key = typeof given === 'string' && given !== '' ? given : `unkeyed-${randomBytes(12).toString('hex')}`;
    const fingerprint = `${request.url} ${canonicalForm(bodyOf(request))}`;
    const stored = this.#keys.storedAnswer(key, fingerprint);
    if (stored !== undefined) return send(reply.header('Idempotent-Replayed', 'true'), stored);

    const fault = this.#faults.faultFor(operation, fingerprint, key, card);
    switch (fault) {
      case undefined:
      case 'decline':
        return send(reply, await this.#carryOut(key, fingerprint, () => effect(fault)));
      case 'rate_limit':
        throw new StripeApiError(429, 'invalid_request_error', 'Too many requests hit the API too quickly.', { code: 'rate_limit' });
      case 'error_before':
        return send(reply, await this.#keep(key, fingerprint, SERVER_ERROR));
      case 'error_after':
        await this.#carryOut(key, fingerprint, () => effect(fault));
        return send(reply, await this.#keep(key, fingerprint, SERVER_ERROR));
      case 'hang_before':
        return this.#hang(reply);
      case 'hang_after':
        await this.#carryOut(key, fingerprint, () => effect(fault));
        return this.#hang(reply);
      case 'drop_after':
        await this.#carryOut(key, fingerprint, () => effect(fault));
        reply.hijack();
        reply.raw.destroy();
        return;
      case 'late':
        this.#keys.begin(key, fingerprint);
        this.#later(this.#lateMs, () => void this.#carryOut(key, fingerprint, () => effect(fault)).catch(() => this.#keys.release(key)));
        return this.#hang(reply);
      default:
        return fault satisfies never;
    }
  }

  /** Runs the effect and keeps its answer; resolves once both are in the journal. What never began (invalid parameters) is not kept. */
  async #carryOut(key: string, fingerprint: string, effect: () => object): Promise<StoredAnswer> {
    let answer: StoredAnswer;
    try {
      answer = { status: 200, body: JSON.stringify(effect()) };
    } catch (error) {
      if (!(error instanceof StripeApiError) || error.fields.code === 'parameter_invalid') throw error;
      answer = { status: error.status, body: JSON.stringify(error.toBody()) };
    }
    return this.#keep(key, fingerprint, answer);
  }

  async #keep(key: string, request: string, answer: StoredAnswer): Promise<StoredAnswer> {
    this.#keys.store(key, request, answer);
    this.#journal?.append({ key, request, storedAtMs: Date.now(), answer });
    await this.#journal?.flushed();
    return answer;
  }

  #hang(reply: FastifyReply): void {
    reply.hijack();
    const timer = this.#later(this.#hangMs, () => reply.raw.destroy());
    reply.raw.once('close', () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    });
  }

  #later(delayMs: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #sendError(reply: FastifyReply, error: unknown): FastifyReply {
    if (error instanceof StripeApiError) return reply.status(error.status).send(error.toBody());
    const status = (error as { statusCode?: number }).statusCode ?? (error instanceof RangeError ? 400 : 500);
    if (status >= 500) this.#onError(error);
    const type = status < 500 ? 'invalid_request_error' : 'api_error';
    return reply.status(status).send({ error: { type, message: error instanceof Error ? error.message : 'Something went wrong.' } });
  }

  #forgetKeys(key: string | undefined): void {
    this.#keys.forget(key);
    this.#journal?.append({ forget: key ?? null });
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.#app.close();
    await this.#journal?.close();
  }
}

const SERVER_ERROR: StoredAnswer = {
  status: 500,
  body: JSON.stringify(new StripeApiError(500, 'api_error', 'Something went wrong on our side.').toBody()),
};

function send(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  return reply.status(answer.status).type('application/json').send(answer.body);
}

function bodyOf(request: FastifyRequest): FormBody {
  return (request.body ?? {}) as FormBody;
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function pageOf(request: FastifyRequest): { limit: number; startingAfter?: string } {
  const { limit, starting_after: startingAfter } = request.query as { limit?: string; starting_after?: string };
  return { limit: readLimit(limit), startingAfter };
}

function* chain<T>(...parts: Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}
