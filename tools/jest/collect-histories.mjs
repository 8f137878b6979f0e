/**
 * Set-up of each file of specs: where BACKSTITCH_HISTORIES names a folder, every run's history and its workflows' code are left there, for the
 * referee (docs/referee.md). What runs workflows in specs hands its runs to `globalThis.__backstitchHistories`; without the variable there is none.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';

/** @typedef {import('@backstitch/testing').CollectedRun} CollectedRun */

/** Of one file of specs: some play the same thing a thousand times. */
const HISTORIES_MAX = 400;

const folder = process.env.BACKSTITCH_HISTORIES;
if (folder !== undefined && folder !== '') {
  /** @type {(() => CollectedRun[] | Promise<CollectedRun[]>)[]} */
  const sources = [];
  const seen = new Set();
  let beyond = 0;

  /** @param {CollectedRun} run */
  const write = (run) => {
    const name = digest(JSON.stringify(comparable(run)));
    if (seen.has(name)) return;
    seen.add(name);
    if (seen.size > HISTORIES_MAX) {
      beyond += 1;
      return;
    }
    const { bundle, ...rest } = run;
    const code = bundle === undefined ? undefined : digest(bundle.code + bundle.sharedCode);
    mkdirSync(join(folder, 'bundles'), { recursive: true });
    if (bundle !== undefined && code !== undefined) writeOnce(join(folder, 'bundles', `${code}.json`), { code: bundle.code, sharedCode: bundle.sharedCode });
    const { testPath } = expect.getState();
    writeOnce(join(folder, `${name}.json`), { ...rest, bundle: code, source: testPath });
  };

  /** @type {{ __backstitchHistories?: { add(source: () => CollectedRun[] | Promise<CollectedRun[]>): void, take(runs: CollectedRun[]): void } }} */ (globalThis).__backstitchHistories = {
    add: (source) => void sources.push(source),
    take: (runs) => runs.forEach(write),
  };
  afterAll(async () => {
    for (const source of sources) (await source()).forEach(write);
    if (beyond > 0) writeOnce(join(folder, `${digest(expect.getState().testPath ?? '')}.beyond`), { source: expect.getState().testPath, histories: beyond });
  });
}

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/** What makes two histories different: not when they happened. @param {CollectedRun} run */
function comparable({ workflowType, events, bundle }) {
  return [workflowType, bundle === undefined ? 0 : digest(bundle.code), events.map(({ eventTimeMs: _, ...event }) => event)];
}

/** Several processes may write the same. @param {string} path @param {unknown} value */
function writeOnce(path, value) {
  if (existsSync(path)) return;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, path);
}
