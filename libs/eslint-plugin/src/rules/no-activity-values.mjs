import { authoringName, importOf, isTypeReference } from '../analysis/imports.mjs';
import { importedFile } from '../analysis/imported-files.mjs';
import { isTypeImport, isUsedAsTypes, toTypeImport } from '../analysis/type-imports.mjs';
import { isRelative, matchesModule } from '../sandbox/modules.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').ImportDeclaration} ImportDeclaration */
/** @typedef {{ activityModules: string[], allow: string[] }} Options */

/** `./activities`, `./llm-activities.js`, `./payment.activities`, `./bankActivities`; what is in a folder `activities`. */
const NAMED_AS_ACTIVITIES = /((^|[/._-])[aA]|[a-z]A)ctivit(y|ies)(\.[cm]?[jt]sx?)?$|(^|\/)activities\//;

/** @type {import('../types.mjs').Rule<'value' | 'typeOnly' | 'passedOn', Options>} */
export const noActivityValues = {
  meta: {
    type: 'problem',
    docs: documentation('no-activity-values', 'Require that workflow code imports activities as types'),
    fixable: 'code',
    schema: optionsSchema({
      activityModules: listOfTexts('More modules that hold activities, as they are imported. A trailing * stands for any rest.'),
      allow: listOfTexts('Modules that hold none, though they are named so.'),
    }),
    defaultOptions: [{ activityModules: [], allow: [] }],
    messages: {
      value: 'Importing activities brings what they do into workflow code. Write `import type`, and call them through proxyActivities().',
      typeOnly: 'Only the types of these activities are used, so that nothing of them needs to be in workflow code. Write `import type`.',
      passedOn: 'What this file exports is in the bundle of the workflows. Activities are not to be: export them for the service elsewhere.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const { activityModules = [], allow = [] } = context.options[0] ?? {};
    /** Declarations that are used as the type of a proxy: `proxyActivities<typeof activities>()`. @type {Set<ImportDeclaration>} */
    const usedForProxies = new Set();
    /** @type {ImportDeclaration[]} */
    const declarations = [];

    /** @param {string} module */
    function holdsActivities(module) {
      if (matchesModule(module, allow)) return false;
      if (matchesModule(module, activityModules)) return true;
      if (!isRelative(module) || !NAMED_AS_ACTIVITIES.test(module)) return false;
      // A file of proxies is often named so, and is workflow code itself.
      return importedFile(context.filename, module)?.isWorkflowCode !== true;
    }

    /** @param {ImportDeclaration} node */
    function check(node) {
      const module = node.source.value;
      if (isTypeImport(node) || matchesModule(module, allow)) return;
      if (!usedForProxies.has(node) && !holdsActivities(module)) return;
      if (isUsedAsTypes(sourceCode, node)) context.report({ node, messageId: 'typeOnly', fix: toTypeImport(sourceCode, node) });
      else context.report({ node, messageId: 'value' });
    }

    /** @param {Node} node @param {string} module */
    function checkExport(node, module) {
      if (holdsActivities(module)) context.report({ node, messageId: 'passedOn' });
    }

    return {
      ImportDeclaration(node) {
        declarations.push(node);
      },
      'Program:exit'() {
        for (const declaration of declarations) {
          const references = (sourceCode.getDeclaredVariables?.(declaration) ?? []).filter((variable) => importOf(variable)?.isType === false).flatMap((variable) => variable.references);
          if (references.some((reference) => isTypeReference(reference) && isTypeOfProxy(/** @type {Node} */ (reference.identifier)))) usedForProxies.add(declaration);
        }
        declarations.forEach(check);
      },
      ExportNamedDeclaration(node) {
        if (node.source !== null && node.exportKind !== 'type' && !node.specifiers.every(({ exportKind }) => exportKind === 'type')) checkExport(node, node.source.value);
      },
      ExportAllDeclaration(node) {
        if (node.exportKind !== 'type') checkExport(node, node.source.value);
      },
    };

    /**
     * Whether an identifier is in the type argument of a call that makes a proxy, as `typeof x`: interfaces of activities may be anywhere.
     * @param {Node} identifier
     */
    function isTypeOfProxy(identifier) {
      let isTypeOf = false;
      for (let at = identifier.parent; at != null; at = at.parent) {
        if (at.type === 'TSTypeQuery') isTypeOf = true;
        if (at.type !== 'TSTypeParameterInstantiation' || at.parent.type !== 'CallExpression') continue;
        return isTypeOf && ['proxyActivities', 'proxyLocalActivities'].includes(authoringName(sourceCode, at.parent.callee) ?? '');
      }
      return false;
    }
  },
};
