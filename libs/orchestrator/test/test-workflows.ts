import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';

/** Workflows that specs start. Source text, since only workflow authors import the authoring API. */
const SOURCE = `
import { ApplicationFailure, condition, defineQuery, defineSignal, proxyActivities, saga, setHandler, sleep, upsertSearchAttributes } from '@backstitch/workflow';

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

export async function wrapping(name) {
  return saga(async (s) => {
    await s.step(greet, name, { undo: unwrap });
    throw ApplicationFailure.create({ message: 'no ribbon', type: 'NoRibbon' });
  });
}
`;

/** Bundles the specs' workflows. */
export async function bundleTestWorkflows(): Promise<WorkflowBundle> {
  const directory = await mkdtemp(join(tmpdir(), 'backstitch-workflows-'));
  try {
    const workflowsPath = join(directory, 'workflows.js');
    await writeFile(workflowsPath, SOURCE);
    return await bundleWorkflows({ workflowsPath });
  } finally {
    await rm(directory, { recursive: true });
  }
}
