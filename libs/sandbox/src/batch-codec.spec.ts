import { describe, expect, it } from '@jest/globals';
import { activation, initialize } from '../test/sandbox-driver.js';
import { BatchCodec } from './batch-codec.js';

const batch = [activation('run', [initialize('sagaWorkflow', ['o'])])];
const resultsJson = (optionsNumber: number, recurring?: { from: number; values: object[] }): string =>
  JSON.stringify({ results: [[[{ type: 'scheduleActivity', seq: 1, activityType: 'reserve', args: [], options: optionsNumber }]]], recurring });

describe('the codec of batches', () => {
  it('given values that commands name by number, when some come once more, as after code that was stopped, then each number is still the same value', () => {
    const codec = new BatchCodec();
    const optionsOf = (json: string): unknown => codec.decode(batch, json).flatMap((result) => (result.status === 'completed' ? result.commands : [])).map((command) => ('options' in command ? command.options : undefined))[0];
    const first = optionsOf(resultsJson(1, { from: 0, values: [{ taskQueue: 'a' }, { taskQueue: 'b' }] }));
    expect(first).toEqual({ taskQueue: 'b' });
    expect(optionsOf(resultsJson(2, { from: 1, values: [{ taskQueue: 'b' }, { taskQueue: 'c' }] }))).toEqual({ taskQueue: 'c' });
    expect(optionsOf(resultsJson(1))).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('given one activity and nothing else, or several commands, when they are read, then they are commands like any other', () => {
    const codec = new BatchCodec();
    const commandsOf = (result: unknown): unknown => codec.decode(batch, JSON.stringify({ results: [result], recurring: { from: 0, values: [{ taskQueue: 'a' }, { activityType: 'undo' }] } }))[0];
    const first = { type: 'scheduleActivity', seq: 1, activityType: 'reserve', args: ['x'], options: { taskQueue: 'a' } };
    const second = { ...first, seq: 2, undo: { activityType: 'undo' } };
    const completed = { runId: 'run', status: 'completed', logs: [], queryAnswers: [] };
    expect(commandsOf([1, 'reserve', ['x'], 0])).toEqual({ ...completed, commands: [first] });
    expect(commandsOf([2, 'reserve', ['x'], { taskQueue: 'a' }, 1])).toEqual({ ...completed, commands: [second] });
    expect(commandsOf([[[1, 'reserve', ['x'], 0], { type: 'startTimer', seq: 1, durationMs: 5 }, { ...second, options: 0, undo: 1, summary: 's' }]])).toEqual({
      ...completed,
      commands: [first, { type: 'startTimer', seq: 1, durationMs: 5 }, { ...second, summary: 's' }],
    });
  });
});
