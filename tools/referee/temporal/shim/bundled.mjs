/**
 * The workflows of a Backstitch bundle: its factory, called with the shim's API, and with native async functions in place of its own.
 * The judge puts the bundle's code where the placeholder stands.
 */
import { workflowInfo } from '@temporalio/workflow';
import * as api from './index.mjs';

/** As the compiler's helper for async functions, on a native one. */
async function runNatively(thisArgument, args, body) {
  const generator = Reflect.apply(body, thisArgument, args ?? []);
  let step = generator.next();
  while (!step.done) {
    let value;
    let failed = false;
    try {
      value = await step.value;
    } catch (error) {
      failed = true;
      value = error;
    }
    step = failed ? generator.throw(value) : generator.next(value);
  }
  return step.value;
}

const startAsync = (thisArgument, args, body) => runNatively(thisArgument, args, body);

const shared = (makeShared) => {
  const modules = makeShared === undefined ? {} : makeShared(startAsync, globalThis, Function);
  return (index, name) => modules[`m${index}`]?.[name];
};

/* global __BACKSTITCH_FACTORIES__ */
const [makeWorkflows, makeShared] = __BACKSTITCH_FACTORIES__;
const workflows = makeWorkflows((name) => api[name], shared(makeShared), startAsync, globalThis, Function);

/** Temporal calls the default export for every workflow type that has no export of its name. */
export default function anyWorkflow(...args) {
  const { workflowType } = workflowInfo();
  const workflow = workflows[workflowType];
  if (typeof workflow !== 'function') throw new ReferenceError(`The bundle exports no workflow "${workflowType}".`);
  return workflow(...args);
}
