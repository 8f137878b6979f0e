import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { WORKSPACE } from './places.mjs';

/** Where the suites lie that run real workflow code on the engine. */
const SUITES = ['libs/testing', 'libs/orchestrator/test', 'apps/orchestrator'];
const TIMEOUT_MS = 600_000;

/** The environment variable that makes a test run leave its histories in a folder: see tools/jest/collect-histories.mjs. */
export const HISTORIES_VARIABLE = 'BACKSTITCH_HISTORIES';

/**
 * Runs the suites, for their histories. That they pass is another command's business: what failed is said, and counts as a problem.
 * @param {string} folder
 * @returns {Promise<boolean>} whether they passed
 */
export async function runSuites(folder) {
  const child = spawn(
    process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join(WORKSPACE, 'node_modules/jest/bin/jest.js'), '--silent', '--testPathIgnorePatterns', '\\.e2e\\.spec\\.ts$', '--', ...SUITES],
    { cwd: WORKSPACE, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, [HISTORIES_VARIABLE]: folder }, timeout: TIMEOUT_MS },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}
