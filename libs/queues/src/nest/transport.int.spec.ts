import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { until } from '../../test/until.js';
import { BullMqClient, BullMqContext, BullMqServer, migrateQueueSchema, RequestResponseUnsupportedError, type QueueConnection } from '../index.js';

const received: { payload: unknown; jobName: string }[] = [];

@Controller()
class MailController {
  @MessagePattern({ queue: 'mails', activity: 'welcome' })
  welcome(@Payload() payload: unknown, @Ctx() context: BullMqContext): void {
    received.push({ payload, jobName: context.getJobName() });
  }
}

@Module({ controllers: [MailController] })
class MailModule {}

describe.each(queueBackendsUnderTest())('the Nest transport on %s', (backend) => {
  let connection: QueueConnection;
  let app: INestMicroservice;
  let client: BullMqClient;
  let drop: () => Promise<void> = async () => undefined;

  beforeAll(async () => {
    if (backend === 'redis') connection = { backend, url: testRedisUrl(), prefix: `test-${randomUUID()}` };
    else {
      const database = await createTestDatabase('transport');
      drop = database.drop;
      await migrateQueueSchema(database.url, 'mails');
      connection = { backend, url: database.url };
    }
    app = await NestFactory.createMicroservice(MailModule, { strategy: new BullMqServer({ connection, queues: [{ name: 'mails' }] }), logger: false });
    await app.listen();
    client = new BullMqClient(connection);
  });
  afterAll(async () => {
    await app.close();
    await client.close();
    await drop();
  });

  it('given a handler of a pattern, when an event is emitted to it, then it gets the payload and its job', async () => {
    received.length = 0;
    await lastValueFrom(client.emit({ queue: 'mails', activity: 'welcome' }, { userId: 'u1' }), { defaultValue: undefined });
    await until('the event is received', () => received.length === 1);
    expect(received).toEqual([{ payload: { userId: 'u1' }, jobName: 'welcome' }]);
  });

  it('given a client, when it sends a request, then it errors, as a queue has no answer', async () => {
    await expect(firstValueFrom(client.send({ queue: 'mails', activity: 'welcome' }, {}))).rejects.toBeInstanceOf(RequestResponseUnsupportedError);
  });
});
