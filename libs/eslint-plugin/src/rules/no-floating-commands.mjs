import { operationOf } from '../analysis/operations.mjs';
import { descendants, enclosingFunctions, isFunction, memberName, unwrap } from '../analysis/syntax.mjs';
import { documentation } from './documentation.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').RuleFixer} RuleFixer */

/** @type {import('../types.mjs').Rule<'floating' | 'forEach' | 'addAwait' | 'addVoid'>} */
export const noFloatingCommands = {
  meta: {
    type: 'problem',
    docs: documentation('no-floating-commands', 'Require that what workflow code begins is awaited: activities, timers, children, steps'),
    hasSuggestions: true,
    schema: [],
    messages: {
      floating: '`{{name}}` is begun and nobody waits for it: its failure goes unseen, and the workflow may end before it. Await it, or write `void` to say that this is meant.',
      forEach: 'forEach() does not wait for what its callback begins. Use `for (const … of …)`, or `await Promise.all(list.map(…))`.',
      addAwait: 'Await it.',
      addVoid: 'Say with `void` that nobody has to wait for it.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;

    /** @param {Node} node */
    function isInAsyncFunction(node) {
      for (const fn of enclosingFunctions(node)) return fn.async;
      return false;
    }

    return {
      ExpressionStatement({ expression }) {
        const call = unwrap(expression);
        if (call.type !== 'CallExpression' || operationOf(context, call) === undefined) return;
        const suggest = [{ messageId: /** @type {const} */ ('addVoid'), fix: (/** @type {RuleFixer} */ fixer) => fixer.insertTextBefore(expression, 'void ') }];
        const awaiting = { messageId: /** @type {const} */ ('addAwait'), fix: (/** @type {RuleFixer} */ fixer) => fixer.insertTextBefore(expression, 'await ') };
        context.report({
          node: call,
          messageId: 'floating',
          data: { name: `${sourceCode.getText(call.callee)}(${call.arguments.length > 0 ? '…' : ''})` },
          suggest: isInAsyncFunction(call) ? [awaiting, ...suggest] : suggest,
        });
      },
      CallExpression(node) {
        const callee = unwrap(node.callee);
        const [callback] = node.arguments;
        if (callee.type !== 'MemberExpression' || memberName(callee) !== 'forEach' || callback === undefined || !isFunction(callback)) return;
        const body = callback.body;
        if (body === null || body === undefined || (!callback.async && body.type === 'BlockStatement')) return;
        const parts = callback.async ? descendants(sourceCode, body, isFunction) : [body];
        for (const part of parts) if (operationOf(context, part) !== undefined) return context.report({ node: callee.property, messageId: 'forEach' });
      },
    };
  },
};
