import { ClientProxy, type ReadPacket } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { RequestResponseUnsupportedError } from '../errors.js';
import { JobQueues, type JobQueuesOptions } from '../job-queues.js';
import type { QueueConnection } from '../queue-connection.js';
import type { BullMqPattern } from './bull-mq-pattern.js';

/**
 * Nest's ClientProxy for BullMQ: `client.emit({ queue, activity }, data)` adds a job. Events only; `send` errors with
 * RequestResponseUnsupportedError.
 */
export class BullMqClient extends ClientProxy {
  private readonly queues: JobQueues;

  constructor(connection: QueueConnection, options?: JobQueuesOptions) {
    super();
    this.queues = new JobQueues(connection, options);
  }

  async connect(): Promise<JobQueues> {
    return this.queues;
  }

  close(): Promise<void> {
    return this.queues.close();
  }

  unwrap<T>(): T {
    return this.queues as T;
  }

  protected publish(_packet: ReadPacket, callback: (packet: { err: unknown; isDisposed: boolean }) => void): () => void {
    callback({ err: new RequestResponseUnsupportedError(), isDisposed: true });
    return () => undefined;
  }

  protected async dispatchEvent<T = void>(packet: ReadPacket): Promise<T> {
    const pattern = packet.pattern as BullMqPattern;
    await this.queues.addBulk(pattern.queue, [{ name: pattern.activity, data: packet.data, jobId: `event-${randomUUID()}` }]);
    return undefined as T;
  }
}
