import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineOptions } from '@backstitch/engine';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '@backstitch/testing';
import type { RunHistory } from '../src/index.js';

const HEAD = `
import { deprecatePatch, patched, proxyActivities, setWorkflowOptions, sleep } from '@backstitch/workflow';
const { takeOld, takeNew, finish } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '10s' });
`;

/** A workflow's versions, as a team would change it: the first step changes under a patch, which is deprecated and then forgotten. */
export const VERSIONS = {
  v1: `export async function shopping(item) {\n  const taken = await takeOld(item);\n  return finish(taken);\n}`,
  /** The same change without patched. */
  broken: `export async function shopping(item) {\n  const taken = await takeNew(item);\n  return finish(taken);\n}`,
  v2: `export async function shopping(item) {\n  const taken = patched('new-way') ? await takeNew(item) : await takeOld(item);\n  return finish(taken);\n}`,
  v3: `export async function shopping(item) {\n  deprecatePatch('new-way');\n  const taken = await takeNew(item);\n  return finish(taken);\n}`,
  final: `export async function shopping(item) {\n  const taken = await takeNew(item);\n  return finish(taken);\n}`,
  /** Another input for a step that was recorded. */
  drifting: `export async function shopping(item) {\n  const taken = await takeOld(item + '!');\n  return finish(taken);\n}`,
  throwing: `export async function shopping() {\n  throw new TypeError('a slip');\n}`,
  endless: `export async function shopping() {\n  for (;;);\n}`,
  gone: `export async function other() {}`,
  pinned: `export async function shopping(item) {\n  const taken = await takeOld(item);\n  return finish(taken);\n}\nsetWorkflowOptions({ versioningBehavior: 'PINNED' }, shopping);`,
} as const;

export type Version = keyof typeof VERSIONS;

/** What a version is bundled from. */
export async function writeVersion(directory: string, version: Version): Promise<string> {
  const path = join(directory, `${version}.js`);
  await writeFile(path, HEAD + VERSIONS[version]);
  return path;
}

const bundles = new Map<Version, Promise<WorkflowBundle>>();

export function bundleOf(version: Version): Promise<WorkflowBundle> {
  const bundle = bundles.get(version) ?? bundled(version);
  bundles.set(version, bundle);
  return bundle;
}

async function bundled(version: Version): Promise<WorkflowBundle> {
  const directory = await mkdtemp(join(tmpdir(), 'backstitch-versions-'));
  try {
    return await bundleWorkflows({ workflowsPath: await writeVersion(directory, version) });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The history of a run of that version, after its first step. */
export async function historyOf(version: Version, workflowId: string = version, options: EngineOptions = {}): Promise<RunHistory> {
  const kit = new EngineHarness(createInThreadSandbox({ bundle: await bundleOf(version) }), options);
  await kit.start('shopping', workflowId, 'tea');
  await kit.complete(version === 'v1' || version === 'pinned' ? 'takeOld' : 'takeNew', 'taken');
  const { record, events } = kit.store.storedByWorkflowId(workflowId);
  return { workflowId, runId: record.runId, events };
}
