import { activityKindOf } from './activities.mjs';
import { authoringName } from './imports.mjs';
import { sagaMethodOf } from './sagas.mjs';
import { memberName, unwrap } from './syntax.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').Context} Context */

/**
 * What a call of workflow code asks the engine for.
 * @typedef {'activity' | 'localActivity' | 'timer' | 'condition' | 'child' | 'saga' | 'step' | 'end'} Operation
 */

/** @type {Record<string, Operation>} */
const BY_NAME = {
  scheduleActivity: 'activity',
  scheduleLocalActivity: 'localActivity',
  sleep: 'timer',
  executeChild: 'child',
  startChild: 'child',
  saga: 'saga',
  continueAsNew: 'end',
};

/**
 * @param {Context} context
 * @param {Node} node
 * @returns {Operation | undefined} undefined for what is no call of an activity or of the authoring API that has to be waited for
 */
export function operationOf(context, node) {
  const at = unwrap(node);
  if (at.type !== 'CallExpression') return undefined;
  const name = authoringName(context.sourceCode, at.callee);
  // Without a time limit a condition is nothing but a promise: there is nothing to cancel.
  if (name === 'condition') return at.arguments.length > 1 ? 'timer' : 'condition';
  if (name !== undefined) return BY_NAME[name];
  if (sagaMethodOf(context.sourceCode, at) !== undefined) return 'step';
  const callee = unwrap(at.callee);
  if (callee.type === 'MemberExpression' && memberName(callee) === 'executeWithOptions') return activityKindOf(context, callee.object);
  return activityKindOf(context, callee);
}
