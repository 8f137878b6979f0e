import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Client, ClientModule, ControlClient, WorkflowClient } from './index.js';

@Injectable()
class Caller {
  constructor(
    @Inject(WorkflowClient) readonly client: WorkflowClient,
    @Inject(ControlClient) readonly control: ControlClient,
    @Inject(Client) readonly all: Client,
  ) {}
}

@Module({ providers: [Caller] })
class CallerModule {}

describe('ClientModule', () => {
  it.each([
    ['forRoot', ClientModule.forRoot({ url: 'http://127.0.0.1:9', token: 'secret' })],
    ['forRootAsync', ClientModule.forRootAsync({ useFactory: () => ({ url: 'http://127.0.0.1:9', token: 'secret' }) })],
  ])('given %s, when another module injects the client, then it gets one that is closed with the app', async (_, module) => {
    const moduleRef = await Test.createTestingModule({ imports: [module, CallerModule] }).compile();
    await moduleRef.init();
    const { client, control, all } = moduleRef.get(Caller, { strict: false });
    expect([client, control, all]).toEqual([expect.any(WorkflowClient), expect.any(ControlClient), expect.any(Client)]);
    expect(all.workflow).toBe(client);
    await moduleRef.close();
    await expect(client.count()).rejects.toThrow('No orchestrator answers');
  });
});
