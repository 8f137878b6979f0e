import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { testRule } from '../../test/rule-tester.js';
import { requireStepUndo } from './require-step-undo.mjs';

const folder = mkdtempSync(join(tmpdir(), 'backstitch-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, 'proxies.ts'),
  "import { proxyActivities, proxyLocalActivities } from '@backstitch/workflow';\nexport const bank = proxyActivities<Bank>({});\nconst { look } = proxyLocalActivities<Lists>({});\nexport { look as glance };\nexport const { charge: take } = proxyActivities<Bank>({});\n",
);
const filename = join(folder, 'workflows.ts');

const HEAD = "import { proxyActivities, proxyLocalActivities, saga, scheduleActivity, type Saga } from '@backstitch/workflow';\nconst { charge, refund } = proxyActivities<Bank>({});\nconst shop = proxyActivities<Shop>({});\nconst { look } = proxyLocalActivities<Lists>({});\n";

testRule('require-step-undo', requireStepUndo, {
  valid: [
    { name: 'given steps with undos, when a saga runs them, then nothing is said', code: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: refund }); await s.step(shop.pack, 1, { undo: shop.unpack }); await s.step(shop.tell, 1, { undo: 'none' }); await s.pivot(shop.send, 1); });` },
    { name: 'given an activity outside of a saga, when it is called, then nothing is said', code: `${HEAD}await charge(1); await saga(async (s) => { await s.step(charge, 1, { undo: refund }); }); await shop.tell(1);` },
    { name: 'given an undo that is chosen, when it is no code, then nothing is said', code: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: undoOf('charge') }); await s.step(charge, 1, { undo: free ? 'none' : refund }); });` },
    { name: 'given options that are made elsewhere, when a step gets them, then nothing is said', code: `${HEAD}saga(async (s) => { await s.step(charge, 1, options); await s.step(charge, 1, { ...options }); await s.step(...args); });` },
    { name: 'given a local activity, when a saga calls it, then nothing is said: it is no step', code: `${HEAD}saga(async (s) => { await look(1); await s.step(charge, 1, { undo: refund }); });` },
    { name: 'given an activity that only looks, when the options name it, then nothing is said', code: `${HEAD}saga(async (s) => { await shop.findPrice(1); await s.step(charge, 1, { undo: refund }); });`, options: [{ withoutEffect: ['^(get|find)'] }] },
    { name: 'given a saga that is there for its lock alone, when it calls an activity, then nothing is said', code: `${HEAD}saga(async ({ lock }) => { await lock('a'); await charge(1); });` },
    { name: 'given another thing that has steps, when they have no undo, then nothing is said', code: `${HEAD}wizard.step(charge, 1); function f(s) { s.step(charge, 1); }` },
    { name: 'given an activity that is imported from elsewhere, when the file shows that it is local, then nothing is said', code: `${HEAD}import { glance } from './proxies.js'; saga(async (s) => { await glance(1); });`, filename },
    { name: 'given a function of the file, when a saga calls it, then nothing is said', code: `${HEAD}const plan = async () => 1; saga(async (s) => { await plan(); await s.step(charge, 1, { undo: refund }); });` },
  ],
  invalid: [
    {
      name: 'given a step without options, when it is run, then a mark is offered',
      code: `${HEAD}saga(async (s) => { await s.step(charge, 1); });`,
      errors: [{ messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: 'none' }); });` }] }],
    },
    {
      name: 'given a step whose options have no undo, when it is run, then a mark is offered',
      code: `${HEAD}saga(async (s) => { await s.step(charge, 1, {}); });`,
      errors: [{ messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: 'none' }); });` }] }],
    },
    {
      name: 'given an undo that is nothing, when the step is run, then a mark is offered',
      code: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: undefined }); });`,
      errors: [{ messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: 'none' }); });` }] }],
    },
    { name: 'given an undo that is code, when the step is run, then it is told that an undo is data', code: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: () => refund(1) }); });`, errors: [{ messageId: 'noUndo' }, { messageId: 'direct', suggestions: [{ messageId: 'useStep', output: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: () => s.step(refund, 1, { undo: 'none' }) }); });` }] }] },
    { name: 'given an undo that is bound in place of being named, when the step is run, then it is told', code: `${HEAD}saga(async (s) => { await s.step(charge, 1, { undo: refund.bind(null, 1) }); });`, errors: [{ messageId: 'noUndo' }] },
    {
      name: 'given an activity that is called in a saga as it is, when it has an effect, then a step is offered',
      code: `${HEAD}saga(async (steps) => { await shop.pack({ id }); });`,
      errors: [{ messageId: 'direct', data: { name: 'shop.pack', saga: 'steps' }, suggestions: [{ messageId: 'useStep', output: `${HEAD}saga(async (steps) => { await steps.step(shop.pack, { id }, { undo: 'none' }); });` }] }],
    },
    { name: 'given functions within the body of a saga, when they call activities, then it is told', code: `${HEAD}saga({ parallelUndo: true }, async (s) => { await Promise.all(lines.map(async (line) => { await charge(line, 2); })); });`, errors: [{ messageId: 'direct' }] },
    { name: 'given a function that is handed a saga, when it calls an activity, then it is told', code: `${HEAD}async function pack(s: Saga, id: string) { await shop.pack(id, 1); await s.step(charge, 1, { undo: null }); }`, errors: [{ messageId: 'direct' }, { messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}async function pack(s: Saga, id: string) { await shop.pack(id, 1); await s.step(charge, 1, { undo: 'none' }); }` }] }] },
    { name: 'given a saga in a saga, when its step has no undo, then it is told', code: `${HEAD}saga(async (s) => s.saga(async (inner) => inner.step(charge, 1, { undo: '' })));`, errors: [{ messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}saga(async (s) => s.saga(async (inner) => inner.step(charge, 1, { undo: 'none' })));` }] }] },
    { name: 'given other ways to call an activity, when a saga uses them, then they are told', code: `${HEAD}saga(async (s) => { await charge.executeWithOptions({}, [1]); await scheduleActivity('charge', [1], {}); });`, errors: [{ messageId: 'direct' }, { messageId: 'direct' }] },
    { name: 'given methods taken out of a saga, when a step has no undo, then it is told', code: `${HEAD}saga(async ({ step }) => { await step(charge, 1, { summary: 'x' }); });`, errors: [{ messageId: 'missing', suggestions: [{ messageId: 'markAsNone', output: `${HEAD}saga(async ({ step }) => { await step(charge, 1, { undo: 'none', summary: 'x' }); });` }] }] },
    { name: 'given proxies in another file, when a saga calls them, then that file tells what they are', code: `${HEAD}import { bank, take } from './proxies.js'; saga(async (s) => { await bank.charge(1, 2); await take(1, 2); });`, filename, errors: [{ messageId: 'direct' }, { messageId: 'direct' }] },
    { name: 'given proxies that a function of the file makes, when a saga calls them, then it is told', code: `${HEAD}const on = (taskQueue) => proxyActivities<Shop>({ taskQueue }); const far = on('far'); saga(async (s) => { await far.pack(1, 2); });`, errors: [{ messageId: 'direct' }] },
  ],
});
