import { describe, expect, it } from '@jest/globals';
import type { Activation, ActivationJob } from '@backstitch/protocol';
import { activation, initialize } from '../test/sandbox-driver.js';
import { batchWireOf, infoOf, isCompletion, isStart, jobsOf, type BatchWire } from './activation-wire.js';

const arrived = (batch: readonly Activation[]): BatchWire => JSON.parse(JSON.stringify(batchWireOf(batch))) as BatchWire;
const timesOf = ([originMs, wires]: BatchWire): number[] => wires.map((wire) => originMs + wire[1]);
const completion = (seq: number, result?: unknown): ActivationJob => ({ type: 'resolveActivity', seq, resolution: { status: 'completed', result } }) as ActivationJob;

describe('activations on their way into the sandbox', () => {
  it.each<[string, ActivationJob[]]>([
    ['a start', [initialize('order', [{ id: 1 }, null])]],
    ['a start with other jobs', [initialize('order', []), { type: 'fireTimer', seq: 1 }, completion(2, 'x')]],
    ['one completed activity', [completion(7, { done: true })]],
    ['one completed activity whose result is null', [completion(7, null)]],
    ['one completed activity without result', [completion(7)]],
    ['several jobs', [completion(1, 1), completion(2, 2)]],
    ['a timer', [{ type: 'fireTimer', seq: 3 }]],
    ['no job', []],
  ])('given %s, when it has arrived, then its jobs are the same', (_what, jobs) => {
    expect(arrived([activation('run', jobs)])[1].map(jobsOf)).toEqual([jobs]);
  });

  it('given a run that differs from its job in type and seed, when it starts, then both are told', () => {
    const job = { ...initialize('other', []), randomnessSeed: 'seed', runtimeVersion: 2 } as ActivationJob;
    const [wire] = arrived([activation('run', [job])])[1];
    expect(wire === undefined ? [] : jobsOf(wire)).toEqual([job]);
  });

  it('given what a run knows of itself, the seldom things too, when it starts, then all of it arrives', () => {
    const plain = activation('run', [initialize('order', [])]);
    const rich = { ...plain.info, continueAsNewSuggested: true, isReplaying: true, tracesCalls: true, buildId: 'b', memo: { a: 1 }, searchAttributes: { City: ['Ulm'] } };
    for (const info of [plain.info, rich]) {
      const [originMs, [wire]] = arrived([{ ...plain, info }]);
      if (wire === undefined || !isStart(wire)) throw new Error('It is no start.');
      expect(infoOf(wire, originMs)).toEqual(info);
    }
  });

  it.each([
    [[1_790_000_000_000, 1_790_000_000_005, 0]],
    [[1_790_000_000_000, 0.1]],
    [[0.3, Number.MAX_SAFE_INTEGER]],
    [[-8_640_000_000_000_000, Number.MAX_SAFE_INTEGER]],
    [[Number.MAX_SAFE_INTEGER, -5_000_000_000_000]],
  ])('given the times %j, when they have arrived, then each is the same', (times) => {
    expect(timesOf(arrived(times.map((timestampMs) => ({ ...activation('run', [completion(1)]), timestampMs }))))).toEqual(times);
  });

  it('given an activity that failed, when it is told, then it is no completion', () => {
    const [wire] = arrived([activation('run', [{ type: 'resolveActivity', seq: 1, resolution: { status: 'failed', failure: { message: 'no', source: 'test' } } }])])[1];
    expect(wire === undefined || isCompletion(wire)).toBe(false);
  });
});
