import { testRule } from '../../test/rule-tester.js';
import { noClockInUndo } from './no-clock-in-undo.mjs';

const SAGA = "import { now, random, saga, uuid4 } from '@backstitch/workflow';\n";

testRule('no-clock-in-undo', noClockInUndo, {
  valid: [
    { name: 'given an undo that takes all from its input, when it runs, then nothing is said', code: 'async function release({ input, result }: UndoInput<Order, Hold>) { await free(input.id, new Date(result.heldAt)); }' },
    { name: 'given a step, when it looks at the clock, then nothing is said: its input is recorded', code: `${SAGA}saga(async (s) => { await s.step(hold, { until: now() + 5, id: uuid4() }, { undo: release }); });` },
    { name: 'given an undo that notes when it ran, when the name says so, then nothing is said', code: 'function release(undo: UndoInput) { row.released_at = new Date(); const undoneAt = Date.now(); return save({ releasedAt: new Date().toISOString(), undoneAt }); }' },
    { name: 'given the names that a project notes times by, when the options say so, then nothing is said', code: 'function release(undo: UndoInput) { return save({ released: new Date() }); }', options: [{ timestamps: ['^released$'] }] },
    { name: 'given a service of steps, when it looks at the clock, then nothing is said', code: "@Activities({ taskQueue: 'stock' }) class Stock { hold(order: Order) { return Date.now(); } }" },
    { name: 'given a list of anything else, when a function is put on it, then nothing is said', code: 'listeners.push(() => Date.now()); queue.unshift(() => Math.random());' },
    { name: 'given a date that is made of a value, when an undo makes it, then nothing is said', code: 'function release(undo: UndoInput) { return new Date(undo.input.day); }' },
    { name: 'given functions of its own by such names, when an undo calls them, then nothing is said', code: "import { now } from './stock-taking.js'; function release(undo: UndoInput) { return now(undo); }" },
  ],
  invalid: [
    { name: 'given a handler of an undo, when it looks at the clock, then it is said', code: 'async function refund(undo: UndoInput<Charge>) { if (Date.now() - undo.input.paid > DAY) return; }', errors: [{ messageId: 'clock', data: { text: 'Date.now()' } }] },
    { name: 'given a handler of an undo, when it draws by chance, then it is said', code: "import { randomUUID } from 'node:crypto'; import type * as protocol from '@backstitch/protocol'; const refund = (undo: protocol.UndoInput) => bank.refund(randomUUID(), Math.random(), crypto.randomUUID());", errors: [{ messageId: 'clock' }, { messageId: 'clock' }, { messageId: 'clock' }] },
    { name: 'given a class that serves a queue of undos, when a method looks at the clock, then it is said', code: "@Activities({ taskQueue: 'payment.compensation' }) class PaymentUndos { async refund() { return fee(new Date()); } }", errors: [{ messageId: 'clock' }] },
    { name: 'given an undo that is written in a saga, when it looks at the clock, then it is said', code: `${SAGA}saga(async (s) => { await s.step(hold, 1, { undo: () => release(now()) }); });`, errors: [{ messageId: 'clock' }] },
    { name: 'given what an undo is made of, when that is chance, then it is said', code: `${SAGA}saga(async (s) => { await s.step(hold, 1, { undo: release.bind(null, uuid4()) }); });`, errors: [{ messageId: 'clock' }] },
    { name: 'given a list of undos kept by hand, when one looks at the clock, then it is said', code: 'compensations.unshift(() => refund(new Date())); this.undos.push({ message: text, fn: async () => { await refund(Math.random()); } });', errors: [{ messageId: 'clock' }, { messageId: 'clock' }] },
    { name: 'given other clocks, when an undo looks at them, then they are said', code: "import { performance } from 'perf_hooks'; function f(undo: UndoInput) { return [performance.now(), process.hrtime.bigint(), Date()]; }", errors: [{ messageId: 'clock' }, { messageId: 'clock' }, { messageId: 'clock' }] },
    { name: 'given no names that note times, when an undo notes one, then it is said', code: 'function release(undo: UndoInput) { return save({ releasedAt: new Date() }); }', options: [{ timestamps: [] }], errors: [{ messageId: 'clock' }] },
  ],
});
