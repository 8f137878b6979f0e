import { describe, expect, it } from '@jest/globals';
import type { RunMessage } from '../messages/run-message.js';
import { Mailboxes } from './mailboxes.js';

const message = (name: string) => ({ type: 'wake', name }) as unknown as RunMessage & { name: string };
const names = (entries: { runId: string; messages: RunMessage[] }[]) =>
  entries.map(({ runId, messages }) => [runId, ...messages.map((each) => (each as RunMessage & { name: string }).name)]);

describe('mailboxes', () => {
  it('given messages of several runs, when runs are taken, then the oldest come first with all that waits for them', () => {
    const mailboxes = new Mailboxes();
    mailboxes.add('a', message('1'));
    mailboxes.add('b', message('2'));
    mailboxes.add('a', message('3'));
    mailboxes.add('c', message('4'));
    expect(names(mailboxes.take(2))).toEqual([['a', '1', '3'], ['b', '2']]);
    expect([mailboxes.waitingMessages, mailboxes.readyRuns]).toEqual([1, 1]);
  });

  it('given a run under way, when messages come in, then they wait until it is released', () => {
    const mailboxes = new Mailboxes();
    mailboxes.add('a', message('1'));
    mailboxes.take(10);
    mailboxes.add('a', message('2'));
    expect([mailboxes.isUnderWay('a'), mailboxes.take(10)]).toEqual([true, []]);
    mailboxes.putBack('a', [message('1')]);
    mailboxes.release('a');
    expect(names(mailboxes.take(10))).toEqual([['a', '1', '2']]);
    mailboxes.release('a');
    expect([mailboxes.waitingMessages, mailboxes.readyRuns]).toEqual([0, 0]);
  });
});
