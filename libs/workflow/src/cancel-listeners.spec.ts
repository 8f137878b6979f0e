import { describe, expect, it } from '@jest/globals';
import { CancelCallback, CancelListeners } from './cancel-listeners.js';
import { CancelledFailure } from '@backstitch/protocol/failures';

const REASON = new CancelledFailure('enough');

function listening(...names: string[]): { listeners: CancelListeners; told: string[]; callbacks: Map<string, CancelCallback> } {
  const listeners = new CancelListeners();
  const told: string[] = [];
  const callbacks = new Map(names.map((name) => [name, new CancelCallback(() => told.push(name))]));
  callbacks.forEach((callback) => listeners.add(callback));
  return { listeners, told, callbacks };
}

describe('who listens to a scope', () => {
  it.each([
    ['first', ['second', 'third']],
    ['second', ['first', 'third']],
    ['third', ['first', 'second']],
  ])('given three listeners, when the %s leaves, then the others are told in order', (leaving, expected) => {
    const { listeners, told, callbacks } = listening('first', 'second', 'third');
    callbacks.get(leaving)?.forgetCancel();
    callbacks.get(leaving)?.forgetCancel();
    listeners.tell(REASON);
    expect(told).toEqual(expected);
  });

  it('given a listener that takes another one away while it is told, when all are told, then the other one is told too', () => {
    const { listeners, told, callbacks } = listening('second');
    const first = new CancelListeners();
    first.add(new CancelCallback(() => callbacks.get('second')?.forgetCancel()));
    callbacks.get('second')?.forgetCancel();
    first.add(callbacks.get('second') as CancelCallback);
    first.tell(REASON);
    expect(told).toEqual(['second']);
    listeners.tell(REASON);
    expect(told).toEqual(['second']);
  });

  it('given listeners that were told, when one joins or all are told again, then nobody is called', () => {
    const { listeners, told } = listening('only');
    listeners.tell(REASON);
    listeners.add(new CancelCallback(() => told.push('late')));
    listeners.tell(REASON);
    expect(told).toEqual(['only']);
  });
});
