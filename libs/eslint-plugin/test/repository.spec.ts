import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import backstitch from '../src/index.mjs';

const WORKSPACE = join(import.meta.dirname, '../../..');
const RULES = Object.keys(backstitch.rules ?? {}).map((rule) => `backstitch/${rule}`);
/** What is planted is linted as if it were in these files; nothing is written. */
const WORKFLOW = 'apps/orchestrator/src/workflows/planted.ts';
const UNDOS = 'apps/payment/src/activities/planted-undos.ts';
const GUIDE = 'libs/testing/test/guides/sagas/trip.ts';

const plants = [
  { title: 'another clock in a workflow', file: WORKFLOW, source: 'export const startedMs = performance.now();', rule: 'no-forbidden-globals' },
  { title: 'the network in a workflow', file: WORKFLOW, source: "export const answer = () => fetch('https://example.test');", rule: 'no-forbidden-globals' },
  { title: 'a driver of a database in a workflow', file: WORKFLOW, source: "import { Client } from 'pg';\nexport const client = new Client();", rule: 'no-forbidden-imports' },
  { title: 'an activity that is imported as a value', file: WORKFLOW, source: "import { PaymentActivities } from '../../../payment/src/activities/payment-activities.js';\nexport const activities = PaymentActivities;", rule: 'no-activity-values' },
  { title: 'awaiting what is no workflow API', file: WORKFLOW, source: "import { parseAsync } from 'zod';\nexport async function parsed() { return await parseAsync({} as never, 1); }", rule: 'no-foreign-await' },
  { title: 'a race whose losers go on', file: WORKFLOW, source: "import { condition, sleep } from '@backstitch/workflow';\nexport async function wait() { await Promise.race([condition(() => false), sleep('1 day')]); }", rule: 'cancel-race-losers' },
  {
    title: 'a step without an undo, of a proxy in another file',
    file: WORKFLOW,
    source: "import { saga } from '@backstitch/workflow';\nimport { inventory } from './activities.js';\nexport const f = () => saga(async (s) => { await inventory.deductStock({ orderId: '1' }); await s.pivot(inventory.deductStock, { orderId: '1' }); });",
    rule: 'require-step-undo',
  },
  { title: 'an activity that nobody waits for', file: WORKFLOW, source: "import { inventory } from './activities.js';\nexport function f() { inventory.deductStock({ orderId: '1' }); }", rule: 'no-floating-commands' },
  { title: 'an undo in a service that looks at the clock', file: UNDOS, source: "import type { UndoInput } from '@backstitch/protocol';\nexport const refund = ({ input }: UndoInput<number>) => Date.now() - Number(input);", rule: 'no-clock-in-undo' },
  { title: 'an undo in a workflow that looks at the clock', file: WORKFLOW, source: 'export const keep = (undos: (() => number)[]) => undos.push(() => Date.now());', rule: 'no-clock-in-undo' },
  { title: 'a timer of Node in a guide', file: GUIDE, source: 'setInterval(() => undefined, 5);', rule: 'no-forbidden-globals' },
];
/** What the same files may do. */
const allowed = [
  { title: 'a workflow that keeps to the authoring API', file: WORKFLOW, source: "import { saga, sleep } from '@backstitch/workflow';\nimport { inventory, inventoryUndos } from './activities.js';\nexport const f = () => saga(async (s) => { await sleep(1); await s.step(inventory.deductStock, { orderId: '1' }, { undo: inventoryUndos.restoreStock }); });" },
  { title: 'a service that looks at the clock', file: UNDOS, source: 'export const now = () => Date.now();' },
];

/** Every file that uses the authoring API and is no test: workflow code, or it is named here. */
const NO_WORKFLOWS = [
  /^libs\/(workflow|sandbox|client|eslint-plugin|testing)\/src\//,
  // Checked by the compiler, never run.
  /^libs\/workflow\/test\/types\//,
  // Bundles of several versions, written out by the file.
  /^libs\/(cli|orchestrator)\/test\//,
  // It does what is forbidden, to see that the sandbox holds.
  /^libs\/sandbox\/test\/workflows\/hostile-workflows\.ts$/,
];
const workflowFiles = ['apps', 'libs', 'tools'].flatMap((group) =>
  readdirSync(join(WORKSPACE, group), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/\.spec\.ts$|\.d\.ts$/.test(entry.name) && !/[/\\](node_modules|dist)([/\\]|$)/.test(entry.parentPath))
    .map((entry) => relative(WORKSPACE, join(entry.parentPath, entry.name)))
    .filter((file) => !NO_WORKFLOWS.some((pattern) => pattern.test(file)) && /^import (?!type\b)[^;]* from '@(backstitch|temporalio)\/workflow';$/m.test(readFileSync(join(WORKSPACE, file), 'utf8'))),
);

let said: { rule: string; severity: number }[][];
let rulesOn: Record<string, string[]>;
beforeAll(() => {
  const { NODE_OPTIONS: _jestOnly, ...env } = process.env;
  const input = JSON.stringify({ texts: [...plants, ...allowed].map(({ file, source }) => ({ file, source: `${source}\n` })), files: [...workflowFiles, UNDOS] });
  const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'lint-texts.mjs')], { input, encoding: 'utf8', env: { ...env, NX_DAEMON: 'false' }, maxBuffer: 16 * 1024 * 1024 });
  if (stdout === '') throw new Error(stderr);
  ({ said, rulesOn } = JSON.parse(stdout) as { said: typeof said; rulesOn: typeof rulesOn });
}, 300_000);

describe('the lint of this repository', () => {
  it('given all rules, when violations are planted, then there is one of each', () => {
    expect(new Set(plants.map(({ rule }) => `backstitch/${rule}`))).toEqual(new Set(RULES));
  });

  it.each(plants.map((plant, index) => ({ ...plant, index })))('given $title, when it is linted, then $rule fails it', ({ rule, index }) => {
    expect(said[index]).toContainEqual({ rule: `backstitch/${rule}`, severity: 2 });
  });

  it.each(allowed.map((plant, index) => ({ ...plant, index: plants.length + index })))('given $title, when it is linted, then nothing is said', ({ index }) => {
    expect(said[index]).toEqual([]);
  });

  it('given the files that use the authoring API, when their configuration is asked for, then all rules are on for each', () => {
    expect(workflowFiles.length).toBeGreaterThan(30);
    expect(workflowFiles.filter((file) => rulesOn[file]?.length !== RULES.length)).toEqual([]);
    expect(rulesOn[UNDOS]).toEqual(['backstitch/no-clock-in-undo']);
  });
});
