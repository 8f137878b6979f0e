import { describe, expect, it } from '@jest/globals';
import type { RunCall, RunCallAnswer } from '@backstitch/engine';
import { StoreUnavailableError } from '@backstitch/protocol';
import { SILENT_LOGGER } from '../observation/logger.js';
import type { PartitionDirectory } from './partition-directory.js';
import { PeerUnreachableError, type Peer, type PeerCall } from './peer.js';
import { RoutedRunMessenger } from './run-messenger.js';

function call(workflowId: string, args: RunCall extends infer C ? (C extends { type: 'signal'; args: infer A } ? A : never) : never = []): RunCall {
  return { type: 'signal', sender: { workflowId: 's', runId: 'r' }, initiatedEventId: 5, workflowId, signalName: 'go', args };
}

/** A messenger among replicas: `theirs` is held by another one, which answers as told. */
function messengerOf(answer: (request: PeerCall) => { status: number; text: string } | Error, hasPeers = true) {
  const requests: PeerCall[] = [];
  const peer = {
    url: 'http://peer',
    call: async (request: PeerCall) => {
      requests.push(request);
      const answered = answer(request);
      if (answered instanceof Error) throw answered;
      return { ...answered, retryAfter: undefined };
    },
  } as unknown as Peer;
  const here: string[] = [];
  const messenger = new RoutedRunMessenger({
    directory: {
      hasPeers,
      split: ((items: number[], idOf: (item: number) => string) => {
        const groups = new Map<Peer | undefined, number[]>();
        items.forEach((item) => {
          const holder = idOf(item).startsWith('theirs') ? peer : undefined;
          groups.set(holder, [...(groups.get(holder) ?? []), item]);
        });
        return groups;
      }) as PartitionDirectory['split'],
    },
    receive: async (calls) => {
      here.push(...calls.map(({ workflowId }) => workflowId));
      return calls.map(({ workflowId }): RunCallAnswer => ({ status: 'done', runId: `here ${workflowId}` }));
    },
    logger: SILENT_LOGGER,
  });
  return { messenger, here, requests };
}

const answerAll = ({ body }: PeerCall): { status: number; text: string } => {
  const { calls } = JSON.parse(body ?? '{}') as { calls: RunCall[] };
  return { status: 200, text: JSON.stringify({ answers: calls.map(({ workflowId }) => ({ status: 'done', runId: `there ${workflowId}` })) }) };
};

describe('calls between runs', () => {
  it('given runs of this replica and of another, when they are called, then each call goes to its holder, and answers are in order', async () => {
    const { messenger, here } = messengerOf(answerAll);
    const answers = await messenger.send([call('theirs-1'), call('mine-1'), call('theirs-2'), call('mine-2')]);
    expect(answers.map((answer) => (answer.status === 'done' ? answer.runId : answer.status))).toEqual(['there theirs-1', 'here mine-1', 'there theirs-2', 'here mine-2']);
    expect(here).toEqual(['mine-1', 'mine-2']);
  });

  it.each([
    ['does not answer', () => new PeerUnreachableError('http://peer', false)],
    ['refuses', () => ({ status: 503, text: '{}' })],
    ['answers too little', () => ({ status: 200, text: '{"answers":[]}' })],
  ])('given a holder that %s, when its runs are called, then the calls are taken here', async (_, answer) => {
    const { messenger, here } = messengerOf(answer);
    expect(await messenger.send([call('theirs-1')])).toEqual([{ status: 'done', runId: 'here theirs-1' }]);
    expect(here).toEqual(['theirs-1']);
  });

  it('given many calls and large ones, when they are sent, then they go in requests of a bounded size', async () => {
    const { messenger, requests } = messengerOf(answerAll);
    await messenger.send([...Array.from({ length: 150 }, (_, index) => call(`theirs-${index}`)), ...Array.from({ length: 5 }, (_, index) => call(`theirs-large-${index}`, ['x'.repeat(2_000_000)]))]);
    expect(requests.map(({ body }) => (JSON.parse(body ?? '') as { calls: unknown[] }).calls.length)).toEqual([100, 52, 2, 1]);
  });

  it('given a replica that is alone, when runs are called, then nobody else is asked; and a store that is away is told', async () => {
    const { messenger, requests } = messengerOf(answerAll, false);
    await messenger.send([call('theirs-1')]);
    expect(requests).toEqual([]);
    const failing = new RoutedRunMessenger({ directory: { hasPeers: false, split: () => new Map() }, receive: () => Promise.reject(new StoreUnavailableError(1)), logger: SILENT_LOGGER });
    await expect(failing.send([call('a')])).rejects.toThrow(StoreUnavailableError);
  });
});
