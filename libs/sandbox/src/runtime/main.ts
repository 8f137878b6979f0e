import { currentScope, installScopePropagation, runAsync, SHARED_API, UNNAMED_SHARED } from '@backstitch/workflow/internal';
import { withdrawCodeGeneration } from './code-generation.js';
import { installDeterministicDate } from './deterministic-date.js';
import { Entrance } from './entrance.js';
import { freezeIntrinsics, removeNondeterminism } from './harden.js';
import { installWorkflowGlobals } from './workflow-globals.js';
import { installWorkflowStacks } from './workflow-stacks.js';
import { createWorkflowConsole } from './workflow-console.js';

/**
 * Prepares the realm that this code runs in, then closes it. First of all code in a context, once.
 * @param unnamed objects from which intrinsics can be reached that no global names
 * @param handleRejections whether the host must be spared rejections that nobody awaits
 * @param generatesCode whether functions can be made of text in this realm: the bundler hands what makes them to the libraries that cannot do without, and no other code has it
 */
export function createEntrance(unnamed: readonly unknown[], handleRejections: boolean, generatesCode: boolean): Entrance {
  const realm = globalThis;
  const functionOfText = generatesCode ? withdrawCodeGeneration(realm, unnamed) : undefined;
  removeNondeterminism(realm);
  installScopePropagation(realm, { handleRejections });
  installDeterministicDate(realm, () => currentScope().workflowRun.timestampMs);
  Object.defineProperty(realm.Math, 'random', {
    value: () => currentScope().workflowRun.random.next(),
    writable: true,
    enumerable: false,
    configurable: true,
  });
  Object.defineProperty(realm, 'console', { value: createWorkflowConsole(), writable: true, enumerable: false, configurable: true });
  installWorkflowGlobals(realm);
  installWorkflowStacks(realm);
  freezeIntrinsics(realm, [...unnamed, runAsync, SHARED_API, ...UNNAMED_SHARED]);
  return new Entrance(functionOfText);
}
