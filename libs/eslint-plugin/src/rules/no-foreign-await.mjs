import { importOf } from '../analysis/imports.mjs';
import { isForeignPackage } from '../analysis/packages.mjs';
import { isWorkflowModule } from '../analysis/settings.mjs';
import { initOf, isFunction, memberName, methodOfGlobal, startOfChain, unwrap, variableOf } from '../analysis/syntax.mjs';
import { typeInformation } from '../analysis/type-information.mjs';
import { builtInName, FORBIDDEN_PACKAGES, matchesModule, packageNameOf, REPLACED_MODULES } from '../sandbox/modules.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {{ allow: string[] }} Options */
/** @typedef {{ name: string, module: string }} Foreign what is awaited that is no workflow API */

const DEPTH_MAX = 6;
/** Packages that many workflows use, and whose promises wait for nothing but their own callers. */
const HARMLESS = ['async-mutex'];
const COMBINATORS = ['all', 'allSettled', 'any', 'race'];
/** Packages whose values reach out, by what the compiler knows of a value; types of Node too. */
const REACHING_OUT = [...FORBIDDEN_PACKAGES, '@types/node'];

/** @type {import('../types.mjs').Rule<'foreign' | 'foreignType', Options>} */
export const noForeignAwait = {
  meta: {
    type: 'problem',
    docs: documentation('no-foreign-await', 'Forbid awaiting what is no workflow API: nothing would wake the workflow, and no replay would know what came of it'),
    schema: optionsSchema({
      allow: listOfTexts('Modules whose promises wait for nothing but other code of the workflow. A package’s name stands for all that is in it, a trailing * for any rest.'),
    }),
    defaultOptions: [{ allow: [] }],
    messages: {
      foreign:
        '`{{name}}` is of `{{module}}`, which is no workflow API: what it waits for is not recorded, and a replay cannot know it. Await it in an activity; or, if it waits for nothing but workflow code, name the module in the option `allow`.',
      foreignType: '`{{name}}` is of `{{module}}`, which reaches out of workflow code: what it waits for is not recorded. Await it in an activity.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const { allow = [] } = context.options[0] ?? {};
    const types = typeInformation(context);

    /** @param {string} module */
    function isOwn(module) {
      // What may not be imported at all is told by the rule about imports, here it is foreign all the same.
      if (isWorkflowModule(context, module) || matchesModule(module, [...HARMLESS, ...allow])) return true;
      const builtIn = builtInName(module);
      if (builtIn !== undefined) return REPLACED_MODULES.has(builtIn);
      if (matchesModule(module, FORBIDDEN_PACKAGES)) return false;
      return module.startsWith('@temporalio/') || !isForeignPackage(context.filename, module);
    }

    /**
     * What of an awaited expression is foreign, by the names in it.
     * @param {Node} node
     * @param {number} [depth]
     * @returns {Foreign[]}
     */
    function foreignIn(node, depth = DEPTH_MAX) {
      if (depth === 0) return [];
      const at = startOfChain(node);
      switch (at.type) {
        case 'CallExpression': {
          const method = methodOfGlobal(sourceCode, at.callee, 'Promise');
          if (method === 'resolve') return at.arguments.flatMap((argument) => foreignIn(argument, depth - 1));
          if (method === undefined || !COMBINATORS.includes(method)) return foreignIn(at.callee, depth - 1);
          return at.arguments.flatMap((argument) => foreignInList(argument, depth - 1));
        }
        case 'NewExpression':
          return foreignIn(at.callee, depth - 1);
        case 'TaggedTemplateExpression':
          return foreignIn(at.tag, depth - 1);
        case 'MemberExpression':
          return foreignIn(at.object, depth - 1);
        case 'AwaitExpression':
          return foreignIn(at.argument, depth - 1);
        case 'ConditionalExpression':
          return [...foreignIn(at.consequent, depth - 1), ...foreignIn(at.alternate, depth - 1)];
        case 'LogicalExpression':
          return [...foreignIn(at.left, depth - 1), ...foreignIn(at.right, depth - 1)];
        case 'Identifier': {
          const variable = variableOf(sourceCode, at);
          const imported = importOf(variable);
          if (imported !== undefined) return imported.isType || isOwn(imported.module) ? [] : [{ name: at.name, module: imported.module }];
          const value = initOf(variable);
          return value === undefined || isFunction(value.init) ? [] : foreignIn(value.init, depth - 1).map(({ module }) => ({ name: at.name, module }));
        }
        default:
          return [];
      }
    }

    /**
     * Of `[a(), b()]`, and of `list.map((item) => a(item))`.
     * @param {Node} node
     * @param {number} depth
     * @returns {Foreign[]}
     */
    function foreignInList(node, depth) {
      const at = unwrap(node);
      if (at.type === 'ArrayExpression') return at.elements.flatMap((element) => (element === null ? [] : foreignIn(element.type === 'SpreadElement' ? element.argument : element, depth)));
      const callee = at.type === 'CallExpression' ? unwrap(at.callee) : undefined;
      if (at.type !== 'CallExpression' || callee?.type !== 'MemberExpression' || memberName(callee) !== 'map') return foreignIn(at, depth);
      const [mapper] = at.arguments;
      if (mapper === undefined || !isFunction(mapper)) return mapper === undefined ? [] : foreignIn(mapper, depth);
      return mapper.body !== null && mapper.body !== undefined && mapper.body.type !== 'BlockStatement' ? foreignIn(mapper.body, depth) : [];
    }

    /** @param {Node} awaited */
    function check(awaited) {
      const found = foreignIn(awaited);
      // A value that is no promise is not waited for. Where its type is not known, it is taken for one.
      if (found.length > 0 && types?.isThenable(awaited) !== false) {
        for (const { name, module } of found) context.report({ node: awaited, messageId: 'foreign', data: { name, module } });
        return;
      }
      const receiver = types === undefined || found.length > 0 ? undefined : receiverOf(awaited);
      if (receiver === undefined) return;
      const module = types?.declaringFiles(receiver).map(packageOfFile).find((name) => name !== undefined && matchesModule(name, REACHING_OUT) && !matchesModule(name, allow));
      if (module !== undefined) context.report({ node: awaited, messageId: 'foreignType', data: { name: sourceCode.getText(receiver), module } });
    }

    return {
      AwaitExpression(node) {
        check(node.argument);
      },
      ForOfStatement(node) {
        if (node.await) check(node.right);
      },
    };
  },
};

/**
 * The object whose method an awaited call calls: `database` of `await database.query(…)`.
 * @param {Node} awaited
 * @returns {Node | undefined}
 */
function receiverOf(awaited) {
  const at = startOfChain(awaited);
  const callee = at.type === 'CallExpression' ? unwrap(at.callee) : undefined;
  return callee?.type === 'MemberExpression' ? callee.object : undefined;
}

/**
 * @param {string} file
 * @returns {string | undefined} the npm package that it is installed in
 */
function packageOfFile(file) {
  const at = file.lastIndexOf('/node_modules/');
  return at === -1 ? undefined : packageNameOf(file.slice(at + '/node_modules/'.length));
}
