import { describe, expect, it } from '@jest/globals';
import type { EngineObserver } from '@backstitch/engine';
import { SILENT_LOGGER } from './logger.js';
import { combineObservers } from './observers.js';
import { sinkObserver } from './sinks.js';

const run = { workflowId: 'w', runId: 'r', workflowType: 't' };

describe('sinks', () => {
  it('given sinks, when workflow code calls them, then they get who calls and what, in replay only those that want it; and one that fails harms nobody', async () => {
    const calls: unknown[] = [];
    const errors: unknown[] = [];
    const observer = sinkObserver(
      {
        alerter: {
          alert: { fn: (info, ...args) => void calls.push([info.workflowId, info.isReplaying, ...args]) },
          always: { fn: () => void calls.push('always'), callDuringReplay: true },
          throws: { fn: () => { throw new Error('broken'); } },
          rejects: { fn: () => Promise.reject(new Error('broken later')) },
        },
      },
      { ...SILENT_LOGGER, error: (fields) => void errors.push(fields) },
    );
    const call = (functionName: string, isReplaying: boolean, sinkName = 'alerter'): void => observer.workflowSinkCall?.({ ...run, isReplaying, call: { sinkName, functionName, args: [1, 'two'] } });
    call('alert', false);
    call('alert', true);
    call('always', true);
    call('throws', false);
    call('rejects', false);
    call('nothing', false);
    call('constructor', false, 'toString');
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([['w', false, 1, 'two'], 'always']);
    expect(errors).toHaveLength(2);
  });

  it('given several observers, when any fact is told, then all who want it are told', () => {
    const told: string[] = [];
    const names = ['callsFailed', 'workflowSinkCall', 'batchFailed', 'wakeAt'] as const;
    const observer = (label: string): EngineObserver => Object.fromEntries(names.map((name) => [name, () => told.push(`${label} ${name}`)]));
    const combined = combineObservers([observer('one'), observer('two')]);
    names.forEach((name) => (combined[name] as ((fact: unknown) => void) | undefined)?.({}));
    expect(told).toEqual(names.flatMap((name) => [`one ${name}`, `two ${name}`]));
  });
});
