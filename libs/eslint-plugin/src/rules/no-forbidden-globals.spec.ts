import { testRule } from '../../test/rule-tester.js';
import { noForbiddenGlobals } from './no-forbidden-globals.mjs';

testRule('no-forbidden-globals', noForbiddenGlobals, {
  valid: [
    { name: 'given the clock and the randomness that the sandbox replaces, when they are used, then nothing is said', code: 'const id = Math.random() + Date.now() + new Date().getTime();' },
    { name: 'given what the sandbox brings, when it is used, then nothing is said', code: 'setTimeout(f, 5); clearTimeout(t); structuredClone(a); new AbortController(); new TextEncoder();' },
    { name: 'given a name of its own, when a file declares it, then it is no global', code: 'function send(fetch, process) { return fetch(process.env.X); }' },
    { name: 'given an import by the name of a global, when it is used, then it is no global', code: "import { performance } from './performance.js'; performance.now();" },
    { name: 'given a type, when a global is named in it, then it does not exist at run time', code: 'let held: WeakRef<object>; type P = typeof process; function f(u: URL): Buffer { return g(u); }' },
    { name: 'given a question whether a global is there, when it is asked with typeof, then nothing is said', code: "if (typeof process === 'undefined') start();" },
    { name: 'given what the bundler replaces, when NODE_ENV is read, then nothing is said', code: "if (process.env.NODE_ENV !== 'production') check();" },
    { name: 'given the methods of console that write to the log, when they are called, then nothing is said', code: 'console.log(1); console.error(2); console.warn(3);' },
    { name: 'given a property by the name of a global, when it is read, then nothing is said', code: 'const { crypto, fetch: get } = services; order.process(); ({ process: 1, require });function require() {}' },
    { name: 'given a polyfill, when a global is allowed, then nothing is said', code: "new URL('https://example.test');", options: [{ allow: ['URL'] }] },
    { name: 'given a module of CommonJS, when it requires by a name, then that is an import', code: "const { sleep } = require('@temporalio/workflow');" },
    { name: 'given a function made without text, when Function is named, then nothing is said', code: 'if (x instanceof Function) x();' },
  ],
  invalid: [
    { name: 'given the network, when fetch is called, then an activity is asked for', code: "await fetch('https://example.test');", errors: [{ messageId: 'absent', data: { name: 'fetch', instead: 'Do it in an activity.' } }] },
    { name: 'given the process, when its environment is read, then it is said', code: 'const home = process.env.HOME;', errors: [{ messageId: 'absent' }] },
    { name: 'given timers that the sandbox does not have, when they are called, then it is said', code: 'setInterval(f, 5); setImmediate(f); queueMicrotask(f);', errors: [{ messageId: 'absent' }, { messageId: 'absent' }, { messageId: 'absent' }] },
    { name: 'given the garbage collector, when it is watched, then it is said', code: 'new WeakRef(a); new FinalizationRegistry(f);', errors: [{ messageId: 'absent' }, { messageId: 'absent' }] },
    { name: 'given another clock, when performance is read, then it is said', code: 'performance.now();', errors: [{ messageId: 'absent' }] },
    {
      name: 'given a random id of the machine, when it is made, then the run’s own is offered',
      code: "import { sleep } from '@backstitch/workflow';\nconst id = crypto.randomUUID();",
      errors: [{ messageId: 'absent', suggestions: [{ messageId: 'useUuid', output: "import { sleep, uuid4 } from '@backstitch/workflow';\nconst id = uuid4();" }] }],
    },
    {
      name: 'given a namespace import, when a random id is made, then the name is taken from it',
      code: "import * as wf from '@temporalio/workflow';\nconst id = crypto.randomUUID();",
      errors: [{ messageId: 'absent', suggestions: [{ messageId: 'useUuid', output: "import * as wf from '@temporalio/workflow';\nconst id = wf.uuid4();" }] }],
    },
    {
      name: 'given no import yet, when a random id is made, then one is added',
      code: 'const id = crypto.randomUUID();',
      errors: [{ messageId: 'absent', suggestions: [{ messageId: 'useUuid', output: "import { uuid4 } from '@backstitch/workflow';\nconst id = uuid4();" }] }],
    },
    { name: 'given the global object, when it is gone around by, then it is said all the same', code: "globalThis.process.exit(); globalThis['fetch'](u); const { crypto } = globalThis;", errors: [{ messageId: 'absent' }, { messageId: 'absent' }, { messageId: 'absent' }] },
    { name: 'given the machine’s language, when it is asked for, then it is said', code: "new Intl.NumberFormat('de');", errors: [{ messageId: 'absent' }] },
    { name: 'given text, when it is evaluated, then it is said', code: "eval('1'); new Function('return 1'); Function('return 1')();", errors: [{ messageId: 'absent' }, { messageId: 'evaluation' }, { messageId: 'evaluation' }] },
    { name: 'given a method that the console of workflow code lacks, when it is called, then it is said', code: 'console.table(rows); console.time();', errors: [{ messageId: 'absentConsole' }, { messageId: 'absentConsole' }] },
    { name: 'given members that the sandbox removes, when they are used, then it is said', code: 'RegExp.$1; Array.fromAsync(list); AbortSignal.timeout(5);', errors: [{ messageId: 'absentMember' }, { messageId: 'absentMember' }, { messageId: 'absentMember' }] },
    { name: 'given the place of a file, when it is asked for, then it is said', code: 'const here = [import.meta.url, __dirname];', errors: [{ messageId: 'importMeta' }, { messageId: 'absent' }] },
    { name: 'given a global that the project forbids, when it is used, then it is said with the project’s advice', code: 'atom();', options: [{ forbid: { atom: 'Use molecules.' } }], errors: [{ messageId: 'absent', data: { name: 'atom', instead: 'Use molecules.' } }] },
    { name: 'given the rest of an environment, when it is taken out, then it is said', code: 'const { NODE_ENV } = process.env;', errors: [{ messageId: 'absent' }] },
    { name: 'given a name that is computed, when it is required, then it is said', code: 'require(name);', errors: [{ messageId: 'absent' }] },
    { name: 'given plain JavaScript, when it is linted, then the rule is the same', code: 'process.exit(1)', languageOptions: { parser: undefined }, errors: [{ messageId: 'absent' }] },
  ],
});
