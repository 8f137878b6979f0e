import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';

/** Workflows that specs start. Source text, since only workflow authors import the authoring API. */
const SOURCE = `
import { ApplicationFailure, condition, continueAsNew, defineQuery, defineSignal, defineUpdate, getExternalWorkflowHandle, proxyActivities, saga, setHandler, sleep, startChild, upsertSearchAttributes } from '@backstitch/workflow';

const { greet } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '10s', retry: { initialInterval: '50ms', maximumAttempts: 3 } });
const { unwrap } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '10s' });

export async function greeting(name) {
  return greet(name);
}

export async function napping(milliseconds) {
  await sleep(milliseconds);
  return 'awake';
}

export async function waiting(fail) {
  let word;
  setHandler(defineSignal('say'), (said) => { word = said; });
  setHandler(defineQuery('heard'), () => word ?? null);
  setHandler(defineQuery('broken'), () => { throw new Error('no answer'); });
  await condition(() => word !== undefined);
  upsertSearchAttributes({ Word: [word] });
  if (word === 'fail') throw ApplicationFailure.create({ message: 'told to fail', type: 'Told' });
  return word;
}

export async function counting(rounds) {
  if (rounds > 0) await continueAsNew(rounds - 1);
  return 'counted';
}

export async function adding(start = 0) {
  let sum = start;
  let done = false;
  setHandler(defineUpdate('add'), (value) => (sum += value), { validator: (value) => { if (value < 0) throw ApplicationFailure.create({ message: 'less than nothing', type: 'Negative' }); } });
  setHandler(defineUpdate('fail'), () => { throw ApplicationFailure.create({ message: 'told to fail', type: 'Told' }); });
  setHandler(defineSignal('plus'), (value) => { sum += value; });
  setHandler(defineSignal('finish'), () => { done = true; });
  setHandler(defineQuery('sum'), () => sum);
  await condition(() => done);
  return sum;
}

export async function parenting(childIds) {
  const children = await Promise.all(childIds.map((workflowId) => startChild('adding', { workflowId, args: [1] })));
  await Promise.all(children.map((child) => child.signal('plus', 2)));
  await Promise.all(childIds.map((workflowId) => getExternalWorkflowHandle(workflowId).signal('finish')));
  return Promise.all(children.map((child) => child.result()));
}

export async function locking(name) {
  let done = false;
  setHandler(defineSignal('finish'), () => { done = true; });
  return saga(async (s) => {
    await s.lock(name);
    await condition(() => done);
    return 'locked ' + name;
  });
}

export async function wrapping(name) {
  return saga(async (s) => {
    await s.step(greet, name, { undo: unwrap });
    throw ApplicationFailure.create({ message: 'no ribbon', type: 'NoRibbon' });
  });
}
`;

/** Bundles the specs' workflows. */
export function bundleTestWorkflows(): Promise<WorkflowBundle> {
  return bundleSource(SOURCE);
}

/** Bundles workflows that are given as text. */
export async function bundleSource(source: string): Promise<WorkflowBundle> {
  const directory = await mkdtemp(join(tmpdir(), 'backstitch-workflows-'));
  try {
    const workflowsPath = join(directory, 'workflows.js');
    await writeFile(workflowsPath, source);
    return await bundleWorkflows({ workflowsPath });
  } finally {
    await rm(directory, { recursive: true });
  }
}
