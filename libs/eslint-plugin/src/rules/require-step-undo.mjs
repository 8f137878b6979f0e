import { activityKindOf } from '../analysis/activities.mjs';
import { authoringName } from '../analysis/imports.mjs';
import { isForLockAlone, sagaAround, sagaMethodOf, sagaNameIn } from '../analysis/sagas.mjs';
import { isFunction, isGlobal, memberName, staticText, unwrap } from '../analysis/syntax.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').CallExpression} CallExpression */
/** @typedef {import('../types.mjs').RuleFixer} RuleFixer */
/** @typedef {{ withoutEffect: string[] }} Options */

/** @type {import('../types.mjs').Rule<'missing' | 'noUndo' | 'direct' | 'markAsNone' | 'useStep', Options>} */
export const requireStepUndo = {
  meta: {
    type: 'problem',
    docs: documentation('require-step-undo', 'Require that each activity of a saga is a step with an undo, or says that it needs none'),
    hasSuggestions: true,
    schema: optionsSchema({
      withoutEffect: listOfTexts('Regular expressions: names of activities that only look, and may be called in a saga as they are.'),
    }),
    defaultOptions: [{ withoutEffect: [] }],
    messages: {
      missing: 'A step without an undo stays done when the saga fails. Give `undo`, or `undo: \'none\'` if it leaves nothing behind.',
      noUndo: 'An undo is data that the engine can run without this code: a function of proxyActivities(), or `\'none\'`.',
      direct: '`{{name}}` is no step of the saga around it: nothing takes it back when the saga fails. Write `{{saga}}.step({{name}}, input, { undo })`, with `undo: \'none\'` if it leaves nothing behind.',
      markAsNone: 'Say that it leaves nothing behind.',
      useStep: 'Make it a step that leaves nothing behind.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const withoutEffect = (context.options[0]?.withoutEffect ?? []).map((pattern) => new RegExp(pattern));

    /** @param {CallExpression} node */
    function checkStep(node) {
      const options = node.arguments[2] === undefined ? undefined : unwrap(node.arguments[2]);
      if (node.arguments.some(({ type }) => type === 'SpreadElement')) return;
      if (options === undefined) {
        const last = node.arguments.at(-1);
        const isWhole = node.arguments.length === 2 && last !== undefined;
        return context.report({
          node,
          messageId: 'missing',
          suggest: isWhole ? [{ messageId: 'markAsNone', fix: (/** @type {RuleFixer} */ fixer) => fixer.insertTextAfter(last, `, { undo: 'none' }`) }] : [],
        });
      }
      if (options.type !== 'ObjectExpression' || options.properties.some(({ type }) => type === 'SpreadElement')) return;
      const undo = options.properties.find((property) => property.type === 'Property' && memberName(property) === 'undo');
      if (undo?.type === 'Property') checkUndo(unwrap(undo.value), undo.value);
      else {
        context.report({
          node: options,
          messageId: 'missing',
          suggest: [
            {
              messageId: 'markAsNone',
              fix: (/** @type {RuleFixer} */ fixer) =>
                options.properties.length === 0 ? fixer.replaceText(options, `{ undo: 'none' }`) : fixer.insertTextBefore(/** @type {Node} */ (options.properties[0]), `undo: 'none', `),
            },
          ],
        });
      }
    }

    /** @param {Node} undo @param {Node} node */
    function checkUndo(undo, node) {
      const isNothing = isGlobal(sourceCode, undo, 'undefined') || (undo.type === 'Literal' && undo.value === null) || staticText(undo) === '';
      if (isNothing) context.report({ node, messageId: 'missing', suggest: [{ messageId: 'markAsNone', fix: (/** @type {RuleFixer} */ fixer) => fixer.replaceText(node, `'none'`) }] });
      else if (isFunction(undo) || isCallOfActivity(undo) || (undo.type === 'Literal' && undo.value !== 'none')) context.report({ node, messageId: 'noUndo' });
    }

    /** `undo: refund(id)`, `undo: refund.bind(null, id)`: the undo would be called, or bound, in place of being named. @param {Node} node */
    function isCallOfActivity(node) {
      if (node.type !== 'CallExpression') return false;
      const callee = unwrap(node.callee);
      return activityKindOf(context, callee.type === 'MemberExpression' && memberName(callee) === 'bind' ? callee.object : callee) !== undefined;
    }

    /** @param {CallExpression} node */
    function checkCall(node) {
      const activity = activityCalledBy(node);
      if (activity === undefined) return;
      const around = sagaAround(sourceCode, node);
      if (around === undefined || isForLockAlone(sourceCode, around)) return;
      const name = sourceCode.getText(activity);
      const simpleName = activity.type === 'MemberExpression' ? (memberName(activity) ?? name) : name;
      if (withoutEffect.some((pattern) => pattern.test(simpleName))) return;
      const saga = sagaNameIn(sourceCode, around);
      const [input] = node.arguments;
      const canBeStep = saga !== undefined && activity === unwrap(node.callee) && node.arguments.length === 1 && input !== undefined && input.type !== 'SpreadElement';
      context.report({
        node,
        messageId: 'direct',
        data: { name, saga: saga ?? 'saga' },
        suggest: canBeStep
          ? [{ messageId: 'useStep', fix: (/** @type {RuleFixer} */ fixer) => fixer.replaceText(node, `${saga}.step(${name}, ${sourceCode.getText(input)}, { undo: 'none' })`) }]
          : [],
      });
    }

    /**
     * @param {CallExpression} node
     * @returns {Node | undefined} the activity: the function, or the name that scheduleActivity gets. Local activities are no steps, and meant for what needs none
     */
    function activityCalledBy(node) {
      const callee = unwrap(node.callee);
      if (authoringName(sourceCode, callee) === 'scheduleActivity') return callee;
      const activity = callee.type === 'MemberExpression' && memberName(callee) === 'executeWithOptions' ? unwrap(callee.object) : callee;
      return activityKindOf(context, activity) === 'activity' ? activity : undefined;
    }

    return {
      CallExpression(node) {
        if (sagaMethodOf(sourceCode, node) === 'step') checkStep(node);
        else checkCall(node);
      },
    };
  },
};
