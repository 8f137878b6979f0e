export {
  DEFAULT_QUEUE_PREFIX,
  queueSchemaOf,
  type PostgresQueueConnection,
  type QueueConnection,
  type RedisQueueConnection,
} from './queue-connection.js';
export { migrateQueueSchema } from './migrate-queue-schema.js';
export { JobQueues, type JobQueuesOptions, type NewJob } from './job-queues.js';
export type { AnyQueue } from './queue-backend.js';
export { consume, type Consumer, type ConsumeOptions, type Delivery, type DeliveryHandler } from './consume.js';
export { QueuesClosedError, QueueUnavailableError, RequestResponseUnsupportedError } from './errors.js';
export { heartbeatDetailsOf } from './heartbeat-details.js';
export { HandBackError } from './hand-back.js';
export { DeadlineExceededError, withDeadline } from './deadline.js';
export { silentLogger, type QueueLogger } from './logger.js';
export {
  BULL_MQ_TRANSPORT,
  BullMqServer,
  HandlerNotFoundError,
  type BoundHandler,
  type BullMqServerOptions,
  type DeliveryProcessor,
} from './nest/bull-mq-server.js';
export { BullMqClient } from './nest/bull-mq-client.js';
export { BullMqContext } from './nest/bull-mq-context.js';
export type { BullMqPattern } from './nest/bull-mq-pattern.js';
