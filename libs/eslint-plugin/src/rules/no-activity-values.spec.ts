import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { testRule } from '../../test/rule-tester.js';
import { noActivityValues } from './no-activity-values.mjs';

const folder = mkdtempSync(join(tmpdir(), 'backstitch-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'activities'));
const files = {
  'proxied-activities.ts': "import { proxyActivities } from '@backstitch/workflow';\nexport const { charge } = proxyActivities<Charging>({});\n",
  'activities/index.ts': "export * from '../proxied-activities.js';\n",
  'real-activities.ts': "import type { UndoInput } from '@backstitch/workflow';\n// import { sleep } from '@backstitch/workflow';\nexport async function charge(): Promise<void> {}\n",
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
const filename = join(folder, 'workflows.ts');

testRule('no-activity-values', noActivityValues, {
  valid: [
    { name: 'given activities, when they are imported as types, then nothing is said', code: "import type * as activities from './activities.js'; import { type Charging } from './charging-activities.js';" },
    { name: 'given a file about activities, when it is imported, then its name alone does not make it hold any', code: "import { patient } from './activity-options.js'; import { Refused } from './activity-errors.js'; f(patient, Refused);" },
    { name: 'given a module that is named otherwise, when it is imported, then nothing is said', code: "import { plan } from './reactivities.js'; import { day } from './activist.js'; plan(day);" },
    { name: 'given a file of proxies that is named as activities, when it is imported, then it is seen to be workflow code', code: "import { charge } from './proxied-activities.js'; charge();", filename },
    { name: 'given a folder that passes proxies on, when it is imported, then it is seen to be workflow code', code: "import { charge } from './activities/index.js'; charge();", filename },
    { name: 'given a module that holds no activities, when it is allowed, then nothing is said', code: "import { QUEUE } from './activities.js'; f(QUEUE);", options: [{ allow: ['./activities.js'] }] },
    { name: 'given an interface of activities, when a proxy is made of it, then nothing is said', code: "import { Charging } from '@acme/contracts'; import { proxyActivities } from '@backstitch/workflow'; proxyActivities<Charging>({});" },
    { name: 'given a value whose type helps to describe a proxy of a project’s own, when proxyActivities is not Backstitch’s, then nothing is said', code: "import * as things from './things.js'; proxyActivities<typeof things>({});" },
  ],
  invalid: [
    { name: 'given activities, when they are imported and called, then it is said', code: "import { charge } from './activities.js'; await charge();", errors: [{ messageId: 'value' }] },
    { name: 'given the ways in which files of activities are named, when they are imported, then each is seen', code: "import { a } from './bankActivities'; import { b } from './bank.activities.js'; import { c } from '../activities/bank.js'; import { d } from './bank-activity.ts'; f(a, b, c, d);", errors: Array(4).fill({ messageId: 'value' }) },
    { name: 'given a file of activities that is there, when it is imported, then its types of workflow code do not make it one', code: "import { charge } from './real-activities.js'; await charge();", filename, errors: [{ messageId: 'value' }] },
    {
      name: 'given activities that are imported for their types, when the import is of values, then the fix makes it one of types',
      code: "import * as activities from '../billing/activities';\nimport { proxyActivities } from '@backstitch/workflow';\nproxyActivities<typeof activities>({});",
      output: "import type * as activities from '../billing/activities';\nimport { proxyActivities } from '@backstitch/workflow';\nproxyActivities<typeof activities>({});",
      errors: [{ messageId: 'typeOnly' }],
    },
    {
      name: 'given activities in a module of any name, when the proxy is of their type, then the fix makes it an import of types',
      code: "import { createSteps } from '@acme/steps';\nimport { proxyActivities } from '@temporalio/workflow';\nproxyActivities<ReturnType<typeof createSteps>>({});",
      output: "import type { createSteps } from '@acme/steps';\nimport { proxyActivities } from '@temporalio/workflow';\nproxyActivities<ReturnType<typeof createSteps>>({});",
      errors: [{ messageId: 'typeOnly' }],
    },
    {
      name: 'given activities in a module of any name, when some of it is used as a value too, then no fix is offered',
      code: "import * as steps from './steps.js';\nimport { proxyLocalActivities } from '@backstitch/workflow';\nproxyLocalActivities<typeof steps>({}); f(steps.QUEUE);",
      errors: [{ messageId: 'value' }],
    },
    { name: 'given activities, when they are passed on, then it is said', code: "export * from './activities.js'; export { charge } from './payment.activities.js'; export type { A } from './activities.js';", errors: [{ messageId: 'passedOn' }, { messageId: 'passedOn' }] },
    { name: 'given modules that a project says hold activities, when they are imported, then it is said', code: "import { charge } from '@acme/payment/steps'; charge();", options: [{ activityModules: ['@acme/payment'] }], errors: [{ messageId: 'value' }] },
  ],
});
