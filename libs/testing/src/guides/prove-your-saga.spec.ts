import { readFileSync } from 'node:fs';
import { describe, expect, it, jest } from '@jest/globals';
import { carefulServices } from '../../test/guides/prove-your-saga/careful-services.js';
import { proveOrder } from '../../test/guides/prove-your-saga/prove.js';
import { withProvider } from '../../test/guides/prove-your-saga/provider.js';
import { services } from '../../test/guides/prove-your-saga/services.js';
import { withKey } from '../../test/guides/prove-your-saga/with-key.js';
import { withVoid } from '../../test/guides/prove-your-saga/with-void.js';
import { guideFile, thrownBy } from '../../test/in-guide.js';
import { InvariantBrokenError } from '../explorer/explorer-errors.js';

/** Thousands of courses of things, on a machine that may be slow and busy. */
jest.setTimeout(600_000);

const GUIDE = readFileSync(new URL('../../../../docs/guides/prove-your-saga.md', import.meta.url), 'utf8');
const workflows = (name: string): string => guideFile(`prove-your-saga/${name}.ts`);
const quiet = { onProgress: () => undefined };

/** What the guide shows as output. */
function shown(name: string): string | undefined {
  return new RegExp(`^\`\`\`\\w+ output=${name}\\n(.*?)\\n?^\`\`\`$`, 'ms').exec(GUIDE)?.[1];
}

describe('the guide to proving a saga', () => {
  it.each([
    ['by-hand', 'by-hand', services, /off the stock/],
    ['with-saga', 'with-saga', services, /with -1 off the stock/],
    ['careful-services', 'with-saga', carefulServices, /and 1 shipped/],
    ['provider', 'whole-saga', withProvider, /2 paid/],
    ['with-key', 'whole-saga', withKey, /1 paid and 0 shipped/],
  ])('given the state of things at "%s", when it is explored, then it fails as the guide shows, and again when it is played again', async (name, file, activities, reason) => {
    const error = await thrownBy(proveOrder(workflows(file), activities, quiet));
    expect(error).toBeInstanceOf(InvariantBrokenError);
    const { failure } = error as InvariantBrokenError;
    expect(failure.message).toMatch(reason);
    expect(shown(name)).toBe(failure.text);
    const again = (await thrownBy(proveOrder(workflows(file), activities, { ...quiet, replay: failure.replay }))) as InvariantBrokenError;
    expect(again.failure.story).toEqual(failure.story);
  });

  it('given all effects in our own databases, when the whole saga is explored, then it holds', async () => {
    await proveOrder(workflows('whole-saga'), carefulServices, { ...quiet, schedules: 200 });
  });

  it('given a payment that is called off under its key, when it is explored with a cancellation, then it holds, and reports what the guide shows', async () => {
    const report = await proveOrder(workflows('whole-saga'), withVoid, { ...quiet, signals: [{ cancel: true }] });
    expect(shown('proved')).toBe(JSON.stringify(report));
  });
});
