import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORKSPACE } from './places.mjs';

const TIMEOUT_MS = 120_000;

/**
 * @typedef {object} ExportedSuites
 * @property {{ id: string, workflowId: string, workflowType: string, path: string, bundle?: string, source?: string, eventTypes: string[] }[]} cases
 * @property {number} notPlayable histories without code that the puppet cannot play
 * @property {number} notBegun histories without a workflow task: a start that waits
 * @property {number} beyond histories that were not kept, since their specs make too many
 */

/**
 * Exports the histories that a test run has left.
 * @param {{ program: string, collected: string, folder: string }} order
 * @returns {Promise<ExportedSuites>}
 */
export async function exportHistories({ program, collected, folder }) {
  const child = spawn(process.execPath, [fileURLToPath(program)], { cwd: WORKSPACE, stdio: ['pipe', 'inherit', 'inherit'], timeout: TIMEOUT_MS });
  child.stdin.end(JSON.stringify({ collected, folder }));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`The collected histories could not be exported: the process ended with ${code}.`);
  return JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
}
