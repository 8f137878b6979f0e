import { describe, expect, it } from '@jest/globals';
import { CommandList, readCommands } from './command-list.js';

const activity = { type: 'scheduleActivity', seq: 1, activityType: 'pay', args: ['x'], options: 0 };

describe('the commands of an activation', () => {
  it('given activities that are written as arrays, when they are read for interceptors, then they are commands like the others', () => {
    expect(readCommands('[[1,"pay",["x"],0],[2,"pay",[],{},1],{"type":"startTimer","seq":1,"durationMs":5}]')).toEqual([
      activity,
      { ...activity, seq: 2, args: [], options: {}, undo: 1 },
      { type: 'startTimer', seq: 1, durationMs: 5 },
    ]);
  });

  it('given one activity, when it is all there is, then it is taken as it is, and once', () => {
    const commands = new CommandList(false);
    commands.push('[1,"pay",["x"],0]', 'activity', 1);
    expect([commands.takeOnlyActivityJson(), commands.takeOnlyActivityJson(), commands.takeJson()]).toEqual(['[1,"pay",["x"],0]', undefined, '[]']);
  });

  it('given anything else, when one activity is asked for, then nothing is taken', () => {
    const two = new CommandList(false);
    two.push('[1,"pay",["x"],0]', 'activity', 1);
    two.push('[2,"pay",["x"],0]', 'activity', 2);
    const ending = new CommandList(false);
    ending.push('[1,"pay",["x"],0]', 'activity', 1);
    ending.close('{"type":"completeWorkflow","result":null}');
    const timer = new CommandList(false);
    timer.push('{"type":"startTimer","seq":1,"durationMs":5}', 'timer', 1);
    expect([two, ending, timer].map((commands) => commands.takeOnlyActivityJson())).toEqual([undefined, undefined, undefined]);
    expect(two.takeJson()).toBe('[[1,"pay",["x"],0],[2,"pay",["x"],0]]');
    expect(ending.takeJson()).toBe('[[1,"pay",["x"],0],{"type":"completeWorkflow","result":null}]');
    expect(ending.isClosed).toBe(true);
    expect(timer.takeJson()).toBe('[{"type":"startTimer","seq":1,"durationMs":5}]');
  });
});
