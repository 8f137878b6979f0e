import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClientModule, WorkflowClient } from './index.js';

@Injectable()
class Caller {
  constructor(@Inject(WorkflowClient) readonly client: WorkflowClient) {}
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
    const { client } = moduleRef.get(Caller, { strict: false });
    expect(client).toBeInstanceOf(WorkflowClient);
    await moduleRef.close();
    await expect(client.list()).rejects.toThrow('No orchestrator answers');
  });
});
