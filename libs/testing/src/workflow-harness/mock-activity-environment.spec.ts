import { describe, expect, it } from '@jest/globals';
import { activityInfo, cancellationDetails, cancellationSignal, cancelled, CancelledFailure, CompleteAsyncError, Context, getClient, heartbeat, log, resumable, sleep, WrongActivityModeError } from '@backstitch/activity';
import type { EntityManager } from 'typeorm';
import { DefaultLogger, MockActivityEnvironment, type LogEntry } from './index.js';

const thrownBy = async (work: Promise<unknown>): Promise<unknown> => work.then(() => 'nothing', (error: unknown) => error);

describe('one activity by itself', () => {
  it('given an activity, when it is run, then it gets its arguments and knows its attempt, and its answer or error comes back as it is', async () => {
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: 7, key: 'order-1/5' });
    const seen = await environment.run(async (name: string, count: number) => [name, count, activityInfo().attempt, activityInfo().heartbeatDetails, activityInfo().key, activityInfo().taskQueue], 'ann', 3);
    expect(seen).toEqual(['ann', 3, 2, 7, 'order-1/5', 'test']);
    const error = new RangeError('too much');
    expect(await thrownBy(environment.run(() => Promise.reject(error)))).toBe(error);
    expect(await thrownBy(environment.run(() => Promise.reject(new CompleteAsyncError())))).toBeInstanceOf(CompleteAsyncError);
    expect(() => activityInfo()).toThrow();
  });

  it('given heartbeats, when they are sent, then each is told, with its details', async () => {
    const environment = new MockActivityEnvironment();
    const heard: unknown[] = [];
    environment.on('heartbeat', (details) => heard.push(details));
    await environment.run(async () => {
      heartbeat(1);
      heartbeat();
      Context.current().heartbeat({ page: 3 });
    });
    expect(heard).toEqual([1, undefined, { page: 3 }]);
  });

  it('given an activity at work, when it is cancelled with its second heartbeat, then what it waits for rejects, and it can say why', async () => {
    const environment = new MockActivityEnvironment();
    environment.on('heartbeat', (page) => {
      if (page === 2) environment.cancel();
    });
    const pages: number[] = [];
    const error = await thrownBy(
      environment.run(async () => {
        for (let page = 1; ; page += 1) {
          pages.push(page);
          heartbeat(page);
          await sleep(1);
        }
      }),
    );
    expect(error).toBeInstanceOf(CancelledFailure);
    expect((error as Error).message).toBe('CANCELLED');
    expect(pages).toEqual([1, 2]);
    expect(await environment.run(async () => [cancellationSignal().aborted, cancellationDetails()])).toMatchObject([true, { cancelRequested: true, workerShutdown: false }]);
  });

  it.each([
    ['WORKER_SHUTDOWN', undefined, { workerShutdown: true, cancelRequested: false }],
    ['TIMED_OUT', { timedOut: true }, { timedOut: true, cancelRequested: false }],
  ])('given a reason %s, when an activity is cancelled, then it is told', async (reason, details, told) => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(async () => cancelled().catch((error: Error) => [error.message, cancellationDetails()]));
    environment.cancel(reason, details);
    environment.cancel('again');
    expect(await running).toMatchObject([reason, told]);
  });

  it('given interceptors, a logger and a client, when an activity is run, then it finds them around it', async () => {
    const logged: string[] = [];
    const environment = new MockActivityEnvironment(
      { activityType: 'greet' },
      {
        logger: new DefaultLogger('INFO', ({ message, meta }: LogEntry) => void logged.push(`${message} by ${String(meta?.activityType)}`)),
        client: 'the client',
        interceptors: [() => ({ inbound: { execute: async (input, next) => `[${String(await next({ ...input, args: [`dear ${String(input.args[0])}`] }))}]` } })],
      },
    );
    const greet = async (name: string): Promise<string> => {
      log.info('greeted');
      return `${name}, ${getClient<string>()}`;
    };
    expect(await environment.run(greet, 'ann')).toBe('[dear ann, the client]');
    expect(logged).toEqual(['greeted by greet']);
  });

  it('given a manager, when a handler works with its transaction, or in slices, then it is that one, and the checkpoints are kept for the next attempt', async () => {
    const queries: string[] = [];
    const manager = { query: async (text: string) => void queries.push(text) } as unknown as EntityManager;
    const first = new MockActivityEnvironment({}, { manager });
    await first.run(async () => Context.current().manager.query('whole'));
    const importRows = async (): Promise<object> => resumable({ total: 5, sliceSize: 2 }, async ({ offset }, tools) => void (await tools.manager.query(`rows from ${offset}`)));
    expect(await first.run(importRows)).toMatchObject({ items: 5, resumedFrom: 0 });
    expect(queries).toEqual(['whole', 'rows from 0', 'rows from 2', 'rows from 4']);
    expect(first.checkpoints).toHaveLength(3);
    const second = new MockActivityEnvironment({ attempt: 2, checkpoint: first.checkpoints[0] }, { manager });
    expect(await second.run(importRows)).toMatchObject({ items: 5, resumedFrom: 2 });
  });

  it('given no manager, when a handler asks for one, then it is told why there is none', async () => {
    const environment = new MockActivityEnvironment();
    expect(await thrownBy(environment.run(async () => Context.current().manager))).toBeInstanceOf(WrongActivityModeError);
  });
});
