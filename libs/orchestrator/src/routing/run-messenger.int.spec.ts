import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HistoryEvent } from '@backstitch/protocol';
import { runMessengerConformance, type TestFramework } from '@backstitch/testing';
import { makeQueueConnection, startReplica, TEST_TOKEN, type Replica } from '../../test/orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { bundleTestWorkflows } from '../../test/test-workflows.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Peer } from './peer.js';
import { RoutedRunMessenger, type RoutedRunMessengerOptions } from './run-messenger.js';

let database: TestDatabase;
let holder: Replica;

beforeAll(async () => {
  database = await makeTestDatabase('messenger');
  const queueConnection = await makeQueueConnection('postgres', database, ['shop']);
  holder = await startReplica({ dataSource: await database.connect(), queueConnection, workflows: await bundleTestWorkflows() });
});
afterAll(async () => {
  await holder?.stop();
  await database?.drop();
});

/** Calls between runs on Postgres: to a replica that holds the called runs, and where that one does not answer, taken here. */
describe.each([
  ['by the replica that holds the called runs', 'holder'],
  ['here, since their holder does not answer', 'nowhere'],
])('calls between runs that are taken %s', (_, where) => {
  runMessengerConformance({ describe, it, expect } as TestFramework, async () => {
    const url = where === 'holder' ? holder.url : 'http://127.0.0.1:1';
    const peers: Peer[] = [];
    const replicas: Replica[] = [];
    const messengerTo = (receive: RoutedRunMessengerOptions['receive'], peerUrl: string): RoutedRunMessenger => {
      const peer = new Peer({ url: peerUrl, controlToken: TEST_TOKEN, replicaId: 'spec', logger: SILENT_LOGGER });
      peers.push(peer);
      return new RoutedRunMessenger({ receive, logger: SILENT_LOGGER, directory: { hasPeers: true, split: (calls) => new Map([[peer, [...calls]]]) } });
    };
    const here = where === 'holder' ? async (): Promise<never> => Promise.reject(new Error('The holder answers.')) : holder.host.engine.receive.bind(holder.host.engine);
    return {
      messenger: messengerTo(here, url),
      listener: 'waiting',
      start: async (workflowId) => {
        const [started] = await holder.start({ workflowId, workflowType: 'waiting' });
        return { workflowId, runId: (started as { runId: string }).runId };
      },
      history: async ({ workflowId, runId }) => (await holder.call('GET', `/workflows/${workflowId}/history?runId=${runId}`)).body.events as HistoryEvent[],
      unreachable: async () => {
        const broken = await database.connect(2);
        const replica = await startReplica({ dataSource: broken, queueConnection: await makeQueueConnection('postgres', database, []), workflows: await bundleTestWorkflows() });
        replicas.push(replica);
        await broken.destroy();
        // It answers that its store is away; and so it is here.
        return messengerTo(replica.host.engine.receive.bind(replica.host.engine), where === 'holder' ? replica.url : 'http://127.0.0.1:1');
      },
      dispose: async () => {
        peers.forEach((peer) => peer.close());
        for (const replica of replicas) await replica.stop();
      },
    };
  });
});
