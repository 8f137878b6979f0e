import { useAuthoringName } from '../analysis/authoring-import.mjs';
import { authoringName } from '../analysis/imports.mjs';
import { operationOf } from '../analysis/operations.mjs';
import { descendants, enclosingFunctions, initOf, memberName, methodOfGlobal, startOfChain, unwrap, variableOf, wrapped } from '../analysis/syntax.mjs';
import { documentation } from './documentation.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').CallExpression} CallExpression */
/** @typedef {import('../types.mjs').RuleFixer} RuleFixer */
/** @typedef {{ node: Node, isStartedHere: boolean }} Loser what goes on when a race is over */

const DEPTH_MAX = 4;
const GO_ON = ['activity', 'localActivity', 'timer', 'child', 'saga', 'step'];
const LOOPS = ['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'];

/** @type {import('../types.mjs').Rule<'losers' | 'wrapInScope' | 'useCondition'>} */
export const cancelRaceLosers = {
  meta: {
    type: 'problem',
    docs: documentation('cancel-race-losers', 'Require that what loses a Promise.race is cancelled: it goes on otherwise'),
    hasSuggestions: true,
    schema: [],
    messages: {
      losers:
        'When this race is over, {{losers}} may still be under way, and goes on. Race in a CancellationScope that is cancelled at the end, or wait for the rest; condition() with a time limit cancels its own timer.',
      wrapInScope: 'Race in a CancellationScope that is cancelled when the race is over.',
      useCondition: 'Use condition() with a time limit.',
    },
  },
  defaultOptions: [],
  create(context) {
    const { sourceCode } = context;

    /** @param {CallExpression} race @param {Node} element @param {number} [depth] @returns {Loser[]} */
    function losersIn(race, element, depth = DEPTH_MAX) {
      if (depth === 0) return [];
      const at = startOfChain(element);
      if (at.type === 'CallExpression') {
        const operation = operationOf(context, at);
        if (operation !== undefined) return GO_ON.includes(operation) ? [{ node: at, isStartedHere: true }] : [];
        const inner = methodOfGlobal(sourceCode, at.callee, 'Promise') === undefined ? undefined : at.arguments[0];
        return inner?.type === 'ArrayExpression' ? inner.elements.flatMap((below) => (below === null ? [] : losersIn(race, below, depth - 1))) : [];
      }
      const variable = variableOf(sourceCode, at);
      const value = initOf(variable);
      if (variable === undefined || value === undefined || value.path.length > 0 || losersIn(race, value.init, depth - 1).length === 0) return [];
      const isUsedLater = variable.references.some(({ identifier }) => identifier.range[0] > race.range[1]) || isRacedAgain(race, value.init);
      return isUsedLater ? [] : [{ node: at, isStartedHere: false }];
    }

    /** Whether some function around the race cancels a scope. @param {Node} race */
    function isScopeCancelledAround(race) {
      for (const fn of enclosingFunctions(race)) {
        for (const node of descendants(sourceCode, fn)) {
          const callee = node.type === 'CallExpression' ? unwrap(node.callee) : undefined;
          if (callee?.type === 'MemberExpression' && memberName(callee) === 'cancel' && isScope(callee.object)) return true;
        }
      }
      return false;
    }

    /** @param {Node} node @returns {boolean} */
    function isScope(node) {
      const at = unwrap(node);
      if (at.type === 'CallExpression') {
        const callee = unwrap(at.callee);
        return callee.type === 'MemberExpression' && memberName(callee) === 'current' && authoringName(sourceCode, callee.object) === 'CancellationScope';
      }
      if (at.type === 'NewExpression') return authoringName(sourceCode, at.callee) === 'CancellationScope';
      if (at.type === 'MemberExpression') return /scope/i.test(memberName(at) ?? '');
      if (at.type !== 'Identifier') return false;
      const value = initOf(variableOf(sourceCode, at));
      return /scope/i.test(at.name) || (value?.path.length === 0 && isScope(value.init));
    }

    /** @param {CallExpression} race @param {readonly Loser[]} losers */
    function suggestions(race, losers) {
      if (losers.some(({ isStartedHere }) => !isStartedHere)) return [];
      const found = [];
      const shorter = conditionInPlaceOf(race);
      if (shorter !== undefined) found.push({ messageId: /** @type {const} */ ('useCondition'), fix: (/** @type {RuleFixer} */ fixer) => fixer.replaceText(race, shorter) });
      found.push({
        messageId: /** @type {const} */ ('wrapInScope'),
        fix: (/** @type {RuleFixer} */ fixer) => {
          const { text, addImport } = useAuthoringName(sourceCode, 'CancellationScope');
          const body = `try { return await ${sourceCode.getText(race)}; } finally { ${text}.current().cancel(); }`;
          return [...addImport(fixer), fixer.replaceText(race, `${text}.cancellable(async () => { ${body} })`)];
        },
      });
      return found;
    }

    /**
     * `await Promise.race([condition(done), sleep('1 day')]);` → `condition(done, '1 day')`, where nobody looks at which of them has won.
     * @param {CallExpression} race
     * @returns {string | undefined}
     */
    function conditionInPlaceOf(race) {
      const awaited = wrapped(race).parent;
      const [list] = race.arguments;
      if (awaited?.type !== 'AwaitExpression' || awaited.parent.type !== 'ExpressionStatement' || list?.type !== 'ArrayExpression' || list.elements.length !== 2) return undefined;
      const calls = list.elements.filter((element) => element?.type === 'CallExpression' && element.arguments.length === 1);
      const condition = calls.find((call) => call?.type === 'CallExpression' && authoringName(sourceCode, call.callee) === 'condition');
      const sleep = calls.find((call) => call?.type === 'CallExpression' && authoringName(sourceCode, call.callee) === 'sleep');
      if (condition?.type !== 'CallExpression' || sleep?.type !== 'CallExpression') return undefined;
      const texts = [condition, sleep].map((call) => sourceCode.getText(call.arguments[0]));
      return `${sourceCode.getText(condition.callee)}(${texts.join(', ')})`;
    }

    return {
      CallExpression(node) {
        const method = methodOfGlobal(sourceCode, node.callee, 'Promise');
        const [list] = node.arguments;
        if ((method !== 'race' && method !== 'any') || list?.type !== 'ArrayExpression' || list.elements.length < 2) return;
        const losers = list.elements.flatMap((element) => (element === null ? [] : losersIn(node, element.type === 'SpreadElement' ? element.argument : element)));
        if (losers.length === 0 || isScopeCancelledAround(node)) return;
        const names = losers.map(({ node: loser }) => `\`${nameOf(loser)}\``).join(', ');
        context.report({ node, messageId: 'losers', data: { losers: names }, suggest: suggestions(node, losers) });
      },
    };

    /** @param {Node} loser */
    function nameOf(loser) {
      return loser.type === 'CallExpression' ? `${sourceCode.getText(loser.callee)}(${loser.arguments.length > 0 ? '…' : ''})` : sourceCode.getText(loser);
    }
  },
};

/**
 * Whether the race is in a loop that what it races was started before: the next round races it again.
 * @param {Node} race
 * @param {Node} start
 */
function isRacedAgain(race, start) {
  for (let at = race.parent; at != null; at = at.parent) {
    if (LOOPS.includes(at.type)) return start.range[0] < at.range[0] || start.range[1] > at.range[1];
  }
  return false;
}
