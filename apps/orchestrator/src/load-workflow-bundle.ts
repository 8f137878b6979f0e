import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/orchestrator';

/**
 * The workflow code: the bundle that the build left beside the program, or, run from source, bundled now.
 *
 * @param programUrl where the program is
 * @throws SyntaxError if the bundle is there and is no JSON; WorkflowBundleError if the sources cannot be bundled
 */
export async function loadWorkflowBundle(programUrl: string): Promise<WorkflowBundle> {
  try {
    return JSON.parse(await readFile(new URL('./workflows.json', programUrl), 'utf8')) as WorkflowBundle;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return bundleWorkflows({ workflowsPath: fileURLToPath(new URL('./workflows/index.ts', programUrl)) });
  }
}
