import { testRule } from '../../test/rule-tester.js';
import { cancelRaceLosers } from './cancel-race-losers.mjs';

const HEAD = "import { CancellationScope, condition, executeChild, proxyActivities, saga, sleep } from '@backstitch/workflow';\nconst { charge, ask } = proxyActivities<Bank>({});\n";

testRule('cancel-race-losers', cancelRaceLosers, {
  valid: [
    { name: 'given a scope that is cancelled at the end, when there is a race in it, then nothing is said', code: `${HEAD}await CancellationScope.cancellable(async () => { const first = await Promise.race([ask(), sleep(5)]); CancellationScope.current().cancel(); return first; });` },
    { name: 'given a scope in a variable, when it is cancelled in the end, then nothing is said', code: `${HEAD}async function f() { const work = new CancellationScope(); try { return await work.run(() => Promise.race([ask(), sleep(5)])); } finally { work.cancel(); } }` },
    { name: 'given conditions without a time limit, when they race, then there is nothing to cancel', code: `${HEAD}await Promise.race([condition(paid), condition(refused)]);` },
    { name: 'given a loser that is waited for later, when the race is over, then nothing is said', code: `${HEAD}async function f() { const asking = ask(); const told = Promise.race([asking, tell()]); await told; return asking; }` },
    { name: 'given a promise that is raced in each round, when the loop goes on, then nothing is said', code: `${HEAD}async function f() { const asking = ask(); while (open) await Promise.race([asking, changed()]); }` },
    { name: 'given functions of another module by the same names, when they race, then nothing is said', code: "import { sleep } from './sleep.js'; await Promise.race([sleep(5), done()]);" },
    { name: 'given a list of unknown length, when it is raced, then nothing is said', code: `${HEAD}await Promise.race(promises);` },
    { name: 'given all of a list, when it is awaited together, then nothing is said', code: `${HEAD}await Promise.all([ask(), sleep(5)]);` },
    { name: 'given a Promise of its own, when it races, then nothing is said', code: `${HEAD}function f(Promise) { Promise.race([ask(), sleep(5)]); }` },
  ],
  invalid: [
    {
      name: 'given an activity and a timer, when they race, then a scope is offered',
      code: `${HEAD}const answer = await Promise.race([ask(), sleep('1 day')]);`,
      errors: [
        {
          messageId: 'losers',
          data: { losers: '`ask()`, `sleep(…)`' },
          suggestions: [
            { messageId: 'wrapInScope', output: `${HEAD}const answer = await CancellationScope.cancellable(async () => { try { return await Promise.race([ask(), sleep('1 day')]); } finally { CancellationScope.current().cancel(); } });` },
          ],
        },
      ],
    },
    {
      name: 'given a condition and a timer, when nobody looks who has won, then condition() with a time limit is offered first',
      code: "import { condition, sleep } from '@backstitch/workflow';\nawait Promise.race([sleep('30 days'), condition(() => done)]);",
      errors: [
        {
          messageId: 'losers',
          suggestions: [
            { messageId: 'useCondition', output: "import { condition, sleep } from '@backstitch/workflow';\nawait condition(() => done, '30 days');" },
            {
              messageId: 'wrapInScope',
              output:
                "import { condition, sleep, CancellationScope } from '@backstitch/workflow';\nawait CancellationScope.cancellable(async () => { try { return await Promise.race([sleep('30 days'), condition(() => done)]); } finally { CancellationScope.current().cancel(); } });",
            },
          ],
        },
      ],
    },
    { name: 'given what was begun before, when it loses, then it is told without an offer, since a scope around the race would not hold it', code: `${HEAD}const asking = ask(); await Promise.race([asking, changed()]);`, errors: [{ messageId: 'losers', data: { losers: '`asking`' } }] },
    { name: 'given a chain, when its start is an activity, then it is told', code: `${HEAD}async function f() { const asking = ask().then(() => 1); return Promise.race([asking, changed()]); }`, errors: [{ messageId: 'losers' }] },
    { name: 'given a scope that nobody cancels, when there is a race in it, then it is told', code: `${HEAD}const asking = ask(); await CancellationScope.cancellable(() => Promise.race([asking, never()]));`, errors: [{ messageId: 'losers' }] },
    { name: 'given another cancel, when it is of no scope, then it is told', code: `${HEAD}async function f(order) { const asking = ask(); await Promise.race([asking, never()]); order.cancel(); }`, errors: [{ messageId: 'losers' }] },
    { name: 'given a child and a step of a saga, when they race, then they are told', code: `${HEAD}const child = executeChild('c'); await saga(async (s) => { const paying = s.step(charge, 1, { undo: 'none' }); await Promise.race([child, paying]); });`, errors: [{ messageId: 'losers', data: { losers: '`child`, `paying`' } }] },
    { name: 'given activities that are waited for together, when they race a message, then they are told', code: `${HEAD}const both = Promise.all([ask(), charge()]); await Promise.race([both, cancelled()]);`, errors: [{ messageId: 'losers', data: { losers: '`both`' } }] },
    { name: 'given Promise.any, when it is over, then it is told as well', code: `${HEAD}const a = ask(); const b = charge(); await Promise.any([a, b]);`, errors: [{ messageId: 'losers' }] },
  ],
});
