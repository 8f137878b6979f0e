import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE, WORKSPACE } from './places.mjs';

const TIMEOUT_MS = 900_000;

/** @typedef {{ body: any[], onSignal: any[], onUpdate: any[], waitsForHandlers: boolean }} Program see random/program.ts */
/** @typedef {{ id: string, seed: number, program?: Program }} Play */
/** @typedef {{ id: string, play: string, workflowId: string, path: string, eventTypes: string[] }} PlayedCase */

/**
 * @typedef {object} RandomHistories
 * @property {PlayedCase[]} cases
 * @property {{ id: string, seed: number, program: Program, problem?: string }[]} played `problem`: Backstitch itself did not bring it to an end
 * @property {PlayedCase} forms an event of each type: to be read, not replayed
 * @property {PlayedCase} control a history that controls are made from
 */

/**
 * Plays random workflows on the engine, in a process of its own.
 * @param {{ program: string, folder: string, plays: readonly Play[] }} order `program`: the built program's URL
 * @returns {Promise<RandomHistories>}
 */
export async function playRandomWorkflows({ program, folder, plays }) {
  const child = spawn(process.execPath, [fileURLToPath(program)], { cwd: WORKSPACE, stdio: ['pipe', 'inherit', 'inherit'], timeout: TIMEOUT_MS });
  child.stdin.end(JSON.stringify({ folder, workflowsPath: join(SOURCE, 'workflows/index.ts'), plays }));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`The random workflows could not be played: their process ended with ${code}.`);
  return JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
}
