import { BaseRpcContext } from '@nestjs/microservices';
import type { Delivery } from '../consume.js';

/** What Nest's `@Ctx()` gives to a handler of a BullMQ job. */
export class BullMqContext extends BaseRpcContext<[Delivery]> {
  constructor(delivery: Delivery) {
    super([delivery]);
  }

  getDelivery(): Delivery {
    return this.args[0];
  }

  getQueueName(): string {
    return this.args[0].queueName;
  }

  getJobId(): string {
    return this.args[0].jobId;
  }

  /** The job's name: for activities, the activity type. */
  getJobName(): string {
    return this.args[0].name;
  }
}
