import { judge } from './judge.mjs';
import { join } from 'node:path';
import { playRandomWorkflows } from './random-histories.mjs';

/** @typedef {import('./random-histories.mjs').Program} Program */

const ROUNDS_MAX = 40;
const CANDIDATES_MAX = 200;

/**
 * Takes away from a program whose history is rejected as long as it stays rejected.
 * @param {{ id: string, seed: number, program: Program }} play
 * @param {{ generator: string, bundlePath: string, folder: string }} means `generator`: the built program that plays
 * @returns {Promise<{ program: Program, error: string, path: string | undefined }>}
 */
export async function shrink({ id, seed, program }, { generator, bundlePath, folder }) {
  /** @type {{ program: Program, error: string, path: string | undefined }} */
  let smallest = { program, error: 'It was not rejected again.', path: undefined };
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const plays = [...(round === 0 ? [program] : []), ...smallerThan(smallest.program).slice(0, CANDIDATES_MAX)].map((candidate, index) => ({ id: `${id}-${round}-${index}`, seed, program: candidate }));
    const { cases, played } = await playRandomWorkflows({ program: generator, folder: join(folder, String(round)), plays });
    const verdicts = await judge(cases.map((given) => ({ ...given, bundlePath })));
    const refused = played
      .map((given) => {
        const rejected = cases.find(({ id: caseId, play }) => play === given.id && verdicts.get(caseId)?.error !== undefined);
        return { program: given.program, error: given.problem ?? verdicts.get(rejected?.id ?? '')?.error, path: rejected?.path };
      })
      .filter(({ error }) => error !== undefined)
      .sort((a, b) => JSON.stringify(a.program).length - JSON.stringify(b.program).length);
    const [next] = refused;
    if (next === undefined || (round > 0 && JSON.stringify(next.program).length >= JSON.stringify(smallest.program).length)) break;
    smallest = /** @type {typeof smallest} */ (next);
  }
  return smallest;
}

/**
 * Programs with one thing less: a step, a branch, or what is around some steps.
 * @param {Program} program
 * @returns {Program[]}
 */
export function smallerThan(program) {
  /** @type {Program[]} */
  const smaller = [];
  /** @param {any} value @param {(replacement: any) => Program} rebuilt */
  const visit = (value, rebuilt) => {
    if (Array.isArray(value)) {
      value.forEach((element, index) => {
        const withElement = (/** @type {any[]} */ replacement) => rebuilt([...value.slice(0, index), ...replacement, ...value.slice(index + 1)]);
        smaller.push(withElement([]));
        for (const inner of innerBlocks(element)) smaller.push(withElement(inner));
        visit(element, (replacement) => withElement([replacement]));
      });
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, part] of Object.entries(value)) visit(part, (replacement) => rebuilt({ ...value, [name]: replacement }));
    }
  };
  visit(program, (replacement) => replacement);
  return smaller;
}

/** Blocks that can stand in place of the step that holds them. @param {any} step @returns {any[][]} */
function innerBlocks(step) {
  if (typeof step !== 'object' || step === null || step.do === undefined || step.do === 'child' || step.do === 'continueAsNew') return [];
  return Object.values(step).flatMap((part) => {
    if (!Array.isArray(part)) return [];
    return part.every((element) => Array.isArray(element)) ? part : [part];
  });
}
