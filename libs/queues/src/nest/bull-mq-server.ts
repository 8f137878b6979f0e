import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { consume, type Consumer, type ConsumeOptions, type Delivery } from '../consume.js';
import type { QueueConnection } from '../queue-connection.js';
import { BullMqContext } from './bull-mq-context.js';
import type { BullMqPattern } from './bull-mq-pattern.js';

/** Nest's transport id of {@link BullMqServer}, for handlers that must listen to no other transport. */
export const BULL_MQ_TRANSPORT = Symbol('BullMQ');

/** A handler that Nest found for a job, with pipes, guards, interceptors and filters around it. */
export interface BoundHandler {
  /** What the handler's decorator left for the transport. */
  extras: Readonly<Record<string, unknown>>;
  /** Calls it; rejects with what its exception filters made of what it threw. */
  invoke(data: unknown): Promise<unknown>;
}

/**
 * What is done with a job: by default its handler is called with the job's data, and a job without one fails. Resolving acknowledges the job,
 * rejecting makes it a failed one.
 */
export type DeliveryProcessor = (delivery: Delivery, handler: BoundHandler | undefined) => Promise<unknown>;

export interface BullMqServerOptions {
  connection: QueueConnection;
  /** Each queue has a worker of its own, so that a flood on one does not starve another. */
  queues: readonly ({ name: string } & ConsumeOptions)[];
  process?: DeliveryProcessor;
  /** How long `close` waits for jobs under way. Default 10,000. */
  graceMs?: number;
}

const DEFAULT_GRACE_MS = 10_000;

/** Nobody handles jobs of this name on this queue. */
export class HandlerNotFoundError extends Error {
  override readonly name = 'HandlerNotFoundError';
  readonly code = 'HANDLER_NOT_FOUND';
  constructor(
    readonly queueName: string,
    readonly jobName: string,
  ) {
    super(`Queue "${queueName}" has no handler for "${jobName}" here.`);
  }
}

/**
 * BullMQ queues as a Nest transport: `app.connectMicroservice({ strategy: new BullMqServer(…) })`. A job goes to the handler whose pattern is
 * `{ queue, activity: <the job's name> }`.
 */
export class BullMqServer extends Server implements CustomTransportStrategy {
  override readonly transportId = BULL_MQ_TRANSPORT;
  private consumers: Consumer[] = [];
  private closing: Promise<void> | undefined;
  /** By queue and job name: Nest finds handlers by the text of their pattern, which is long in the making. */
  private readonly handlers = new Map<string, Map<string, MessageHandler>>();

  constructor(private readonly options: BullMqServerOptions) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    const { connection, queues } = this.options;
    this.consumers = queues.map(({ name, ...consumeOptions }) => consume(connection, name, (delivery) => this.deliver(delivery), consumeOptions));
    callback();
  }

  /** Takes no more jobs, waits for those under way. Safe to call twice. */
  close(): Promise<void> {
    this.closing ??= Promise.all(this.consumers.map((consumer) => consumer.close(this.options.graceMs ?? DEFAULT_GRACE_MS))).then(() => undefined);
    return this.closing;
  }

  /** Resolves when all workers are connected. */
  async ready(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.ready()));
  }

  on(): never {
    throw new Error('BullMqServer has no events of its own.');
  }

  unwrap<T>(): T {
    return this.consumers as T;
  }

  private async deliver(delivery: Delivery): Promise<unknown> {
    const handler = this.handlerOf(delivery);
    const bound = handler === undefined ? undefined : this.bind(handler, delivery);
    if (this.options.process !== undefined) return this.options.process(delivery, bound);
    if (bound === undefined) throw new HandlerNotFoundError(delivery.queueName, delivery.name);
    return bound.invoke(delivery.data);
  }

  private handlerOf({ queueName, name }: Delivery): MessageHandler | undefined {
    let ofQueue = this.handlers.get(queueName);
    if (ofQueue === undefined) this.handlers.set(queueName, (ofQueue = new Map<string, MessageHandler>()));
    const known = ofQueue.get(name);
    if (known !== undefined) return known;
    const pattern: BullMqPattern = { queue: queueName, activity: name };
    const found = this.messageHandlers.get(this.normalizePattern(pattern as never));
    // Of names that nobody handles there may be any number.
    if (found !== undefined) ofQueue.set(name, found);
    return found;
  }

  private bind(handler: MessageHandler, delivery: Delivery): BoundHandler {
    return {
      extras: handler.extras ?? {},
      invoke: async (data) => {
        const context = new BullMqContext(delivery);
        return lastValueFrom(this.transformToObservable(await handler(data, context)), { defaultValue: undefined });
      },
    };
  }
}
