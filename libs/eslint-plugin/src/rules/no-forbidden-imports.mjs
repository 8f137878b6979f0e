import { isGlobal, staticText } from '../analysis/syntax.mjs';
import { isTypeImport, isUsedAsTypes, toTypeImport } from '../analysis/type-imports.mjs';
import { builtInName, FORBIDDEN_PACKAGES, matchesModule, REPLACED_MODULES } from '../sandbox/modules.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {{ allow: string[], forbid: string[] }} Options */


/** @type {import('../types.mjs').Rule<'builtIn' | 'builtInName' | 'package' | 'dynamic' | 'typeOnly', Options>} */
export const noForbiddenImports = {
  meta: {
    type: 'problem',
    docs: documentation('no-forbidden-imports', 'Forbid imports of Node’s modules, of packages that do I/O, and dynamic imports'),
    fixable: 'code',
    schema: optionsSchema({
      allow: listOfTexts('Modules that are not reported. A package’s name stands for all that is in it, a trailing * for any rest.'),
      forbid: listOfTexts('More packages that are reported.'),
    }),
    defaultOptions: [{ allow: [], forbid: [] }],
    messages: {
      builtIn: '`{{module}}` is a module of Node: workflow code sees no clock, network, files or environment. Use it in an activity, and call that.',
      builtInName: 'Of `{{module}}`, workflow code has {{names}} only, no `{{name}}`. Use it in an activity, and call that.',
      package: '`{{module}}` reaches out of workflow code, and the bundler refuses it. Use it in an activity, and call that.',
      dynamic: 'A dynamic import cannot be replayed. Import it at the top of the file.',
      typeOnly: '`{{module}}` must not be in workflow code, and only its types are used here. Write `import type`.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const { allow = [], forbid = [] } = context.options[0] ?? {};
    const packages = [...FORBIDDEN_PACKAGES, ...forbid];

    /**
     * @param {string} module
     * @returns {'builtIn' | 'package' | undefined} why it is forbidden
     */
    function reasonAgainst(module) {
      if (matchesModule(module, allow)) return undefined;
      const builtIn = builtInName(module);
      if (builtIn !== undefined) return REPLACED_MODULES.has(builtIn) ? undefined : 'builtIn';
      return matchesModule(module, packages) ? 'package' : undefined;
    }

    /** @param {Node} node @param {string | undefined} module */
    function check(node, module) {
      const messageId = module === undefined ? undefined : reasonAgainst(module);
      if (messageId !== undefined) context.report({ node, messageId, data: { module } });
    }

    /** @param {string} module @param {Node} node @param {string} name */
    function checkName(module, node, name) {
      const names = matchesModule(module, allow) ? undefined : REPLACED_MODULES.get(builtInName(module) ?? '');
      if (names !== undefined && !names.includes(name)) {
        context.report({ node, messageId: 'builtInName', data: { module, name, names: names.filter((known) => known !== 'default').join(', ') } });
      }
    }

    return {
      ImportDeclaration(node) {
        if (isTypeImport(node)) return;
        const module = node.source.value;
        if (reasonAgainst(module) !== undefined && isUsedAsTypes(sourceCode, node)) {
          context.report({ node, messageId: 'typeOnly', data: { module }, fix: toTypeImport(sourceCode, node) });
          return;
        }
        check(node, module);
        for (const specifier of node.specifiers) {
          if (specifier.type !== 'ImportSpecifier' || specifier.importKind === 'type') continue;
          checkName(module, specifier, specifier.imported.type === 'Identifier' ? specifier.imported.name : specifier.imported.value);
        }
      },
      ExportNamedDeclaration(node) {
        if (node.source === null || node.exportKind === 'type') return;
        if (node.specifiers.length > 0 && node.specifiers.every(({ exportKind }) => exportKind === 'type')) return;
        check(node, node.source.value);
      },
      ExportAllDeclaration(node) {
        if (node.exportKind !== 'type') check(node, node.source.value);
      },
      TSImportEqualsDeclaration(node) {
        if (node.importKind !== 'type' && node.moduleReference.type === 'TSExternalModuleReference') check(node, staticText(node.moduleReference.expression));
      },
      ImportExpression(node) {
        context.report({ node, messageId: 'dynamic' });
      },
      CallExpression(node) {
        if (isGlobal(sourceCode, node.callee, 'require')) check(node, staticText(node.arguments[0]));
      },
    };
  },
};
