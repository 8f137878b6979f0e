import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@backstitch/protocol';
import { activation, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('what workflow code cannot see', () => {
  let found: Record<string, JsonValue>;
  beforeAll(async () => {
    const sandbox = createInThreadSandbox({ bundle: await testBundle() });
    // The second run looks for what the first one left behind.
    for (const word of ['first', 'second']) {
      const [result] = await sandbox.activate([activation(word, [initialize('leakWorkflow', [word])], { timestampMs: 5_000 })]);
      const command = result?.status === 'completed' ? result.commands[0] : undefined;
      if (command?.type !== 'completeWorkflow') throw new Error(JSON.stringify(result));
      found = command.result as Record<string, JsonValue>;
    }
  });

  it("given a Date's own constructor, when it makes a date, then it is the activation's time", () => {
    expect(found.clockThroughConstructor).toBe(5_000);
    expect(found.clockThroughCall).toBe('Thu Jan 01 1970 00:00:05 GMT+0000 (Coordinated Universal Time)');
  });

  it('given local time, when it is asked for, then it is UTC, whatever the machine', () => {
    expect(found.timeZone).toEqual([0, Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 1), 'Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)', 0]);
  });

  it('given locale methods, when they are called, then no language of the machine shows', () => {
    expect(found.locale).toEqual(['1234.5', 'Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)', 1, 'i']);
    expect(found.intl).toBe('undefined');
  });

  it("given another run's text, when legacy statics of RegExp are read, then it is not there", () => {
    expect(found.regexpStatics).toBeNull();
  });

  it('given functions of the API, when their constructors are used to evaluate text, then it is refused', () => {
    expect(found.hostThroughConstructor).toBe('throws EvalError');
    expect(found.asyncConstructor).toBe('throws EvalError');
    expect(found.evaluation).toBe('throws ReferenceError');
  });

  it("given another run's global, when it is read, then it is not there", () => {
    expect(found.globalLeft).toBeNull();
  });

  it('given intrinsics, when they are written to, then it is refused', () => {
    expect(found.prototypeLeft).toBe('throws TypeError');
    expect(found.promiseLeft).toBe('throws TypeError');
    expect(found.prepareStackTrace).toBe('throws TypeError');
  });

  it('given classes of the API, when they are written to, then it is refused', () => {
    expect(found.apiLeft).toEqual(['throws TypeError', 'throws TypeError', 'throws TypeError', null]);
    expect(found.hiddenLeft).toEqual(Array(5).fill('throws TypeError'));
  });

  it('given frozen intrinsics, when an object overrides what it inherits, then it works as everywhere', () => {
    expect(found.override).toEqual(['second', 'second', 'second', 'second', 2]);
  });

  it('given a stack, when it is read, then the file has a constant name', () => {
    expect(found.stack).toBe('workflows.bundle.js');
  });

  it('given what reaches out or is not deterministic, when it is looked for, then it is absent', () => {
    expect(found.present).toEqual([]);
    expect(found.entrance).toBe('undefined');
  });
});
