import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTROL_DECLINED_HEADER, OverloadedError, partitionOf, StoreUnavailableError, type ActivityOutcome, type StartWorkflowRequest, type StartWorkflowResult } from '@backstitch/protocol';
import { SILENT_LOGGER } from '../observation/logger.js';
import { advertisedUrl } from './advertised-url.js';
import { ControlRouter } from './control-router.js';
import { OutcomeRouter } from './outcome-router.js';
import { PartitionDirectory } from './partition-directory.js';
import { PASSED_ON_HEADER } from './peer.js';

interface Received {
  path: string;
  passedOnBy: string | undefined;
  // The specs look into whatever was sent.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}
type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | 'breaks' | 'nothing';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Another replica that answers as told. */
async function otherReplica(answer: (received: Received) => Answer | Promise<Answer>): Promise<{ url: string; received: Received[]; server: Server }> {
  const received: Received[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const call = { path: request.url ?? '', passedOnBy: request.headers[PASSED_ON_HEADER] as string | undefined, body: text === '' ? undefined : JSON.parse(text) };
      received.push(call);
      void Promise.resolve(answer(call)).then((told) => {
        if (told === 'breaks') request.socket.destroy();
        else if (told !== 'nothing') response.writeHead(told.status, { 'content-type': 'application/json', ...told.headers }).end(told.body === undefined ? undefined : JSON.stringify(told.body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, server };
}

const MINE = 'mine';
const THEIRS = Array.from({ length: 100 }, (_, index) => `w${index}`).filter((workflowId) => partitionOf(workflowId) % 2 !== partitionOf(MINE) % 2);
const OURS = [MINE, ...Array.from({ length: 100 }, (_, index) => `w${index}`).filter((workflowId) => partitionOf(workflowId) % 2 === partitionOf(MINE) % 2)];

/** The other replica holds every second partition, those of {@link THEIRS}. */
function directoryOf(url: string | undefined, state = { isLapsed: false }): PartitionDirectory {
  const directory = new PartitionDirectory({ replicaId: 'me', partitionCount: 64, controlToken: 'secret', logger: SILENT_LOGGER, isLapsed: () => state.isLapsed });
  const partitions = Array.from({ length: 64 }, (_, partition) => partition).filter((partition) => partition % 2 !== partitionOf(MINE) % 2);
  directory.update(url === undefined ? [] : [{ replicaId: 'other', url, partitions }]);
  cleanups.push(() => directory.close());
  return directory;
}

async function closedUrl(): Promise<string> {
  const { url, server } = await otherReplica(() => 'nothing');
  await new Promise((resolve) => server.close(resolve));
  return url;
}

const outcomesOf = (...workflowIds: string[]): ActivityOutcome[] => workflowIds.map((workflowId) => ({ workflowId }) as ActivityOutcome);
const startsOf = (...workflowIds: string[]): StartWorkflowRequest[] => workflowIds.map((workflowId) => ({ workflowId, workflowType: 't', args: [] }));
const startedOf = (starts: readonly { workflowId: string }[], runId: string): StartWorkflowResult[] => starts.map(({ workflowId }) => ({ status: 'started', workflowId, runId }));
const failureOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

describe('outcomes', () => {
  function routerOf(directory: PartitionDirectory, onPassedOn?: (outcomes: number, answered: boolean) => void) {
    const here: string[] = [];
    const engine = {
      deliver: async (outcomes: readonly ActivityOutcome[]): Promise<void> => {
        here.push(...outcomes.map(({ workflowId }) => workflowId));
      },
    };
    return { here, engine, router: new OutcomeRouter({ engine, directory, logger: SILENT_LOGGER, onPassedOn }) };
  }

  it('given a replica that is alone, when outcomes come, then they go to the engine with nothing in between', () => {
    const { engine, router } = routerOf(directoryOf(undefined));
    const delivered = Promise.resolve();
    engine.deliver = () => delivered;
    expect(router.deliver(outcomesOf(...THEIRS))).toBe(delivered);
  });

  it('given another replica, when outcomes come, then each goes to its holder, and they are delivered when both have committed', async () => {
    let commit: () => void = () => undefined;
    const committed = new Promise<void>((resolve) => (commit = resolve));
    const other = await otherReplica(async () => {
      await committed;
      return { status: 204 };
    });
    const { here, router } = routerOf(directoryOf(other.url));
    let isDelivered = false;
    const delivered = router.deliver(outcomesOf(...THEIRS.slice(0, 2), ...OURS.slice(0, 2))).then(() => (isDelivered = true));
    while (other.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([here, isDelivered]).toEqual([OURS.slice(0, 2), false]);
    expect(other.received).toEqual([{ path: '/v1/internal/outcomes', passedOnBy: 'me', body: { outcomes: THEIRS.slice(0, 2).map((workflowId) => ({ workflowId })) } }]);
    commit();
    await delivered;
  });

  it('given many deliveries at once, when they go to one holder, then those that wait share a call', async () => {
    const other = await otherReplica(() => ({ status: 204 }));
    const { router } = routerOf(directoryOf(other.url));
    await Promise.all(THEIRS.slice(0, 40).map((workflowId) => router.deliver(outcomesOf(workflowId))));
    expect(other.received.flatMap(({ body }) => body.outcomes.map(({ workflowId }: ActivityOutcome) => workflowId)).sort()).toEqual(THEIRS.slice(0, 40).sort());
    expect(other.received.length).toBeLessThan(5);
  });

  it.each<[string, Answer]>([
    ['refuses', { status: 503 }],
    ['breaks the connection', 'breaks'],
    ['is stopping', { status: 503, headers: { [CONTROL_DECLINED_HEADER]: 'stopping' } }],
  ])('given a holder that %s, when outcomes come, then they are delivered here', async (_, answer) => {
    const counted: [number, boolean][] = [];
    const { here, router } = routerOf(directoryOf((await otherReplica(() => answer)).url), (...count) => counted.push(count));
    await router.deliver(outcomesOf(...THEIRS.slice(0, 3)));
    expect([here, counted]).toEqual([THEIRS.slice(0, 3), [[3, false]]]);
  });

  it('given a holder that stands still, when its leases run out, then what it was sent is delivered here', async () => {
    const other = await otherReplica(() => 'nothing');
    const directory = directoryOf(other.url);
    const { here, router } = routerOf(directory);
    const delivered = router.deliver(outcomesOf(THEIRS[0]!));
    while (other.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    directory.update([]);
    await delivered;
    expect(here).toEqual([THEIRS[0]]);
  });

  it('given a holder that did not answer, when more outcomes come, then it is left alone for a while', async () => {
    const other = await otherReplica(() => 'breaks');
    const { router } = routerOf(directoryOf(other.url));
    const now = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    try {
      for (const workflowId of THEIRS.slice(0, 5)) await router.deliver(outcomesOf(workflowId));
    } finally {
      now.mockRestore();
    }
    expect(other.received).toHaveLength(1);
  });

  it('given leases that have run out here, when outcomes come, then nobody else is relied on', async () => {
    const other = await otherReplica(() => ({ status: 204 }));
    const { here, router } = routerOf(directoryOf(other.url, { isLapsed: true }));
    await router.deliver(outcomesOf(THEIRS[0]!));
    expect([here, other.received]).toEqual([[THEIRS[0]], []]);
  });
});

describe('control calls', () => {
  function routerOf(directory: PartitionDirectory) {
    const here: string[] = [];
    const startHere = async (starts: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> => {
      here.push(...starts.map(({ workflowId }) => workflowId));
      return startedOf(starts, 'here');
    };
    return { here, router: new ControlRouter({ directory, startHere }) };
  }

  it('given starts in bulk, when they are made, then each is made by its holder, and answered in order', async () => {
    const other = await otherReplica(({ body }) => ({ status: 200, body: { results: startedOf(body.starts, 'there') } }));
    const { here, router } = routerOf(directoryOf(other.url));
    const ids = [THEIRS[0], OURS[0], THEIRS[1], OURS[1]] as string[];
    const results = await router.start(startsOf(...ids));
    expect(results).toEqual(ids.map((workflowId, index) => ({ status: 'started', workflowId, runId: index % 2 === 0 ? 'there' : 'here' })));
    expect([here, other.received.map(({ path, passedOnBy }) => [path, passedOnBy])]).toEqual([OURS.slice(0, 2), [['/v1/workflows', 'me']]]);
  });

  it.each<[string, Answer | 'down']>([
    ['is down', 'down'],
    ['breaks the connection', 'breaks'],
    ['is stopping', { status: 503, headers: { [CONTROL_DECLINED_HEADER]: 'stopping' }, body: {} }],
    ['knows another token', { status: 401, body: {} }],
  ])('given a holder that %s, when workflows are started, then they are started here', async (_, answer) => {
    const { here, router } = routerOf(directoryOf(answer === 'down' ? await closedUrl() : (await otherReplica(() => answer)).url));
    expect(await router.start(startsOf(THEIRS[0]!, OURS[0]!))).toEqual(startedOf([{ workflowId: THEIRS[0]! }, { workflowId: OURS[0]! }], 'here'));
    expect(here.sort()).toEqual([THEIRS[0], OURS[0]].sort());
  });

  it('given a holder that is overloaded, when workflows are started in bulk, then its own are refused one by one, and the others stand', async () => {
    const error = new OverloadedError(700).toJSON();
    const { router } = routerOf(directoryOf((await otherReplica(() => ({ status: 503, body: { error } }))).url));
    expect(await router.start(startsOf(THEIRS[0]!, OURS[0]!))).toEqual([
      { status: 'rejected', workflowId: THEIRS[0], error },
      { status: 'started', workflowId: OURS[0], runId: 'here' },
    ]);
  });

  const signal = { method: 'POST', path: '/workflows/w/signal', body: { signalName: 's' }, isRepeatable: false } as const;

  it('given a call for a run that another one holds, when it comes, then the answer of that one is passed on as it is', async () => {
    const other = await otherReplica(() => ({ status: 409, body: { error: { code: 'WORKFLOW_ALREADY_CLOSED' } }, headers: { 'retry-after': '7' } }));
    const { router } = routerOf(directoryOf(other.url));
    expect(await router.relay(THEIRS[0]!, signal)).toEqual({ status: 409, retryAfter: '7', text: '{"error":{"code":"WORKFLOW_ALREADY_CLOSED"}}' });
    expect(other.received).toEqual([{ path: '/v1/workflows/w/signal', passedOnBy: 'me', body: { signalName: 's' } }]);
    expect(await router.relay(OURS[0]!, signal)).toBeUndefined();
  });

  it('given a holder that is down, when a signal comes, then it is answered here; given one that may have taken it, then the caller is told to come again, and a query is answered here', async () => {
    expect(await routerOf(directoryOf(await closedUrl())).router.relay(THEIRS[0]!, signal)).toBeUndefined();
    const breaks = (await otherReplica(() => 'breaks')).url;
    expect(await failureOf(routerOf(directoryOf(breaks)).router.relay(THEIRS[0]!, signal))).toBeInstanceOf(StoreUnavailableError);
    expect(await routerOf(directoryOf(breaks)).router.relay(THEIRS[0]!, { ...signal, isRepeatable: true })).toBeUndefined();
  });

  it('given runs of both, when their close is awaited, then the holder is asked for its own, and tells', async () => {
    const other = await otherReplica(({ body }) => ({ status: 200, body: { closed: [{ workflowId: body.workflowIds[1] }], unknown: [] } }));
    const { router } = routerOf(directoryOf(other.url));
    const told = await new Promise<string[]>((resolve) => router.watchClosed([THEIRS[0]!, OURS[0]!, THEIRS[1]!], 5_000, resolve));
    expect([told, other.received.map(({ path, body }) => [path, body.workflowIds])]).toEqual([[THEIRS[1]], [['/v1/workflows/await-closed', THEIRS.slice(0, 2)]]]);
  });
});

describe('the advertised address', () => {
  it.each([
    ['127.0.0.1', 'IPv4', 'http://127.0.0.1:3001'],
    ['0.0.0.0', 'IPv4', 'http://box:3001'],
    ['::', 'IPv6', 'http://box:3001'],
    ['::1', 'IPv6', 'http://[::1]:3001'],
  ])('given a server that listens at %s, when it is told to others, then it is where they reach it', (address, family, url) => {
    expect(advertisedUrl({ address, family, port: 3001 }, 'box')).toBe(url);
  });

  it('given a socket without an address, then there is none', () => {
    expect([advertisedUrl('/run/socket', 'box'), advertisedUrl(null, 'box')]).toEqual([undefined, undefined]);
  });
});
