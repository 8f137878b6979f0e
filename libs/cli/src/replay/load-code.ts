import { readFile } from 'node:fs/promises';
import { bundleWorkflows, WorkflowBundleError, type WorkflowBundle } from '@backstitch/sandbox';
import { FileUnreadableError } from '../errors.js';

/** Where workflow code comes from: a file that `bundleWorkflows` made, or the module that exports the workflows. */
export type WorkflowCode = { bundle: WorkflowBundle | string; workflowsPath?: undefined } | { workflowsPath: string; bundle?: undefined };

/** @throws FileUnreadableError if there is no such file, or it holds no bundle of this version, or the code cannot be bundled */
export async function loadCode({ bundle, workflowsPath }: WorkflowCode): Promise<WorkflowBundle> {
  if (workflowsPath !== undefined) {
    return bundleWorkflows({ workflowsPath }).catch((error: unknown) => {
      throw error instanceof WorkflowBundleError ? new FileUnreadableError(workflowsPath, `cannot be bundled: ${error.message}`, { cause: error }) : error;
    });
  }
  return typeof bundle === 'string' ? readBundle(bundle) : bundle;
}

async function readBundle(file: string): Promise<WorkflowBundle> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FileUnreadableError(file, 'cannot be read.', { cause });
  });
  const bundle = parse(file, text) as Partial<WorkflowBundle> | null;
  if (typeof bundle?.code !== 'string' || !Array.isArray(bundle.workflowTypes)) throw new FileUnreadableError(file, 'holds no workflow bundle.');
  return bundle as WorkflowBundle;
}

/** JSON of a file. @throws FileUnreadableError */
export function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileUnreadableError(file, 'is no JSON.', { cause });
  }
}

