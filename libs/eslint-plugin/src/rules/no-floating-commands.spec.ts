import { testRule } from '../../test/rule-tester.js';
import { noFloatingCommands } from './no-floating-commands.mjs';

const HEAD = "import { condition, continueAsNew, executeChild, log, proxyActivities, saga, setHandler, sleep, startChild } from '@backstitch/workflow';\nconst { charge } = proxyActivities<Bank>({});\n";

testRule('no-floating-commands', noFloatingCommands, {
  valid: [
    { name: 'given what is awaited, returned or kept, when it is begun, then nothing is said', code: `${HEAD}async function f() { await sleep(1); const charging = charge(); await charging; return executeChild('c'); }` },
    { name: 'given a wish to let it go, when void says so, then nothing is said', code: `${HEAD}void charge();` },
    { name: 'given somebody who takes the failure, when it is begun, then nothing is said', code: `${HEAD}charge().catch(report); sleep(5).then(close);` },
    { name: 'given what is no command, when it is called, then nothing is said', code: `${HEAD}setHandler(done, () => undefined); log.info('x'); plan();` },
    { name: 'given a forEach that begins nothing, when it is called, then nothing is said', code: `${HEAD}lines.forEach((line) => lines.push(line)); lines.forEach(async (line) => { await plan(line); });` },
    { name: 'given callbacks whose promises are waited for, when they begin something, then nothing is said', code: `${HEAD}await Promise.all(lines.map((line) => charge(line)));` },
  ],
  invalid: [
    {
      name: 'given an activity that nobody waits for, when it is begun, then await and void are offered',
      code: `${HEAD}async function f() { charge(1); }`,
      errors: [
        {
          messageId: 'floating',
          data: { name: 'charge(…)' },
          suggestions: [
            { messageId: 'addAwait', output: `${HEAD}async function f() { await charge(1); }` },
            { messageId: 'addVoid', output: `${HEAD}async function f() { void charge(1); }` },
          ],
        },
      ],
    },
    { name: 'given a function that cannot await, when it begins something, then void is offered', code: `${HEAD}setHandler(s, () => { charge(); });`, errors: [{ messageId: 'floating', suggestions: [{ messageId: 'addVoid', output: `${HEAD}setHandler(s, () => { void charge(); });` }] }] },
    ...['sleep(1)', 'condition(done)', "executeChild('c')", "startChild('c')", 'continueAsNew()', 'saga(body)', 'charge.executeWithOptions({}, [])'].map((call) => ({
      name: `given ${call}, when nobody waits for it, then it is said`,
      code: `${HEAD}${call};`,
      errors: [{ messageId: 'floating', suggestions: [{ messageId: 'addVoid', output: `${HEAD}void ${call};` }] }],
    })),
    {
      name: 'given a step of a saga, when nobody waits for it, then it is said',
      code: `${HEAD}saga2(); await saga(async (s) => { s.step(charge, 1, { undo: 'none' }); });`,
      errors: [
        {
          messageId: 'floating',
          suggestions: [
            { messageId: 'addAwait', output: `${HEAD}saga2(); await saga(async (s) => { await s.step(charge, 1, { undo: 'none' }); });` },
            { messageId: 'addVoid', output: `${HEAD}saga2(); await saga(async (s) => { void s.step(charge, 1, { undo: 'none' }); });` },
          ],
        },
      ],
    },
    { name: 'given forEach, when its callback begins something, then it is said that nobody waits', code: `${HEAD}lines.forEach(async (line) => { await charge(line); }); lines.forEach((line) => charge(line));`, errors: [{ messageId: 'forEach' }, { messageId: 'forEach' }] },
  ],
});
