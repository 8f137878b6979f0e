import { useAuthoringName } from '../analysis/authoring-import.mjs';
import { isTypeReference } from '../analysis/imports.mjs';
import { isGlobal, memberName, staticText, unwrap } from '../analysis/syntax.mjs';
import { CONSOLE_METHODS, FORBIDDEN_GLOBALS, FORBIDDEN_MEMBERS } from '../sandbox/globals.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').Reference} Reference */
/** @typedef {{ allow: string[], forbid: Record<string, string> }} Options */

const GLOBAL_OBJECTS = ['globalThis', 'global', 'window', 'self'];

/** @type {import('../types.mjs').Rule<'absent' | 'absentMember' | 'absentConsole' | 'evaluation' | 'importMeta' | 'useUuid', Options>} */
export const noForbiddenGlobals = {
  meta: {
    type: 'problem',
    docs: documentation('no-forbidden-globals', 'Forbid globals that workflow code does not have: clocks, randomness, timers, network, process and the like'),
    hasSuggestions: true,
    schema: optionsSchema({
      allow: listOfTexts('Globals that are not reported, because a polyfill brings them.'),
      forbid: { type: 'object', additionalProperties: { type: 'string' }, description: 'More globals that are reported: what to do instead, by name.' },
    }),
    defaultOptions: [{ allow: [], forbid: {} }],
    messages: {
      absent: 'Workflow code has no `{{name}}`. {{instead}}',
      absentMember: 'Workflow code has no `{{name}}`. {{instead}}',
      absentConsole: 'The console of workflow code has no `{{name}}`, only {{methods}}: they write to the run’s log.',
      evaluation: 'Text is not evaluated in workflow code. Write the function out.',
      importMeta: 'Workflow code is bundled and has no `import.meta`. Hand in what it needs as an argument of the workflow.',
      useUuid: 'Use uuid4(), which gives the same on each replay.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const { allow = [], forbid = {} } = context.options[0] ?? {};
    const forbidden = new Map([...FORBIDDEN_GLOBALS, ...Object.entries(forbid)]);
    for (const name of allow) forbidden.delete(name);

    /** @param {Reference} reference */
    function checkReference(reference) {
      const node = /** @type {Node} */ (reference.identifier);
      const instead = node.type === 'Identifier' ? forbidden.get(node.name) : undefined;
      if (instead === undefined || node.type !== 'Identifier' || isTypeReference(reference) || isHarmless(node)) return;
      if (GLOBAL_OBJECTS.includes(node.name) && node.parent.type === 'MemberExpression' && node.parent.object === node) return;
      report(node, node.name, instead);
    }

    /** @param {Node} node @param {string} name @param {string} instead */
    function report(node, name, instead) {
      context.report({ node, messageId: 'absent', data: { name, instead }, suggest: uuidSuggestion(node, name) });
    }

    /**
     * `crypto.randomUUID()` has an equal.
     * @param {Node} node
     * @param {string} name
     */
    function uuidSuggestion(node, name) {
      const member = node.parent;
      const call = member?.parent;
      if (name !== 'crypto' || member?.type !== 'MemberExpression' || memberName(member) !== 'randomUUID' || call?.type !== 'CallExpression' || call.callee !== member) return [];
      const { text, addImport } = useAuthoringName(sourceCode, 'uuid4');
      return [
        {
          messageId: /** @type {const} */ ('useUuid'),
          fix: (/** @type {import('../types.mjs').RuleFixer} */ fixer) => [...addImport(fixer), fixer.replaceText(call, `${text}()`)],
        },
      ];
    }

    /** @param {Node} object @param {string | undefined} name @param {Node} node */
    function checkMember(object, name, node) {
      if (name === undefined || object.type !== 'Identifier') return;
      if (GLOBAL_OBJECTS.some((global) => isGlobal(sourceCode, object, global))) {
        const instead = forbidden.get(name);
        if (instead !== undefined && !isHarmless(node)) report(node, name, instead);
      } else if (isGlobal(sourceCode, object, 'console') && !CONSOLE_METHODS.includes(name)) {
        context.report({ node, messageId: 'absentConsole', data: { name, methods: CONSOLE_METHODS.join(', ') } });
      } else {
        const instead = FORBIDDEN_MEMBERS.get(object.name)?.get(name);
        if (instead !== undefined && isGlobal(sourceCode, object, object.name)) context.report({ node, messageId: 'absentMember', data: { name: `${object.name}.${name}`, instead } });
      }
    }

    /** @param {Node} node @param {Node} callee @param {readonly Node[]} given */
    function checkEvaluation(node, callee, given) {
      if (given.length > 0 && isGlobal(sourceCode, callee, 'Function')) context.report({ node, messageId: 'evaluation' });
    }

    return {
      'Program:exit'() {
        const global = sourceCode.scopeManager?.globalScope;
        if (global == null) return;
        for (const reference of global.through) checkReference(reference);
        for (const variable of global.variables) if (variable.defs.length === 0) for (const reference of variable.references) checkReference(reference);
      },
      MemberExpression(node) {
        checkMember(unwrap(node.object), memberName(node), node);
      },
      VariableDeclarator(node) {
        const from = node.init === null ? undefined : unwrap(node.init);
        if (from?.type !== 'Identifier' || node.id.type !== 'ObjectPattern') return;
        for (const property of node.id.properties) if (property.type === 'Property') checkMember(from, memberName(property), property);
      },
      CallExpression(node) {
        checkEvaluation(node, node.callee, node.arguments);
      },
      NewExpression(node) {
        checkEvaluation(node, node.callee, node.arguments);
      },
      MetaProperty(node) {
        if (node.meta.name === 'import') context.report({ node, messageId: 'importMeta' });
      },
    };
  },
};

/**
 * `typeof x` asks whether it is there; `require('x')` is an import, and another rule's matter; the bundler puts text in place of `process.env.NODE_ENV`.
 * @param {Node} node
 */
function isHarmless(node) {
  const { parent } = node;
  if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') return true;
  if (parent?.type === 'CallExpression' && parent.callee === node) return node.type === 'Identifier' && node.name === 'require' && staticText(parent.arguments[0]) !== undefined;
  if (parent?.type !== 'MemberExpression' || parent.object !== node || node.type !== 'Identifier' || node.name !== 'process' || memberName(parent) !== 'env') return false;
  return parent.parent.type === 'MemberExpression' && parent.parent.object === parent && memberName(parent.parent) === 'NODE_ENV';
}
