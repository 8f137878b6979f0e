import { isAuthoringModule } from './settings.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */
/** @typedef {import('../types.mjs').RuleFixer} RuleFixer */
/** @typedef {import('../types.mjs').RuleFix} RuleFix */

/**
 * How a fix can use a name of the authoring API in a file: by which text, and what else must be changed for it.
 * @param {SourceCode} sourceCode
 * @param {string} name
 * @returns {{ text: string, addImport: (fixer: RuleFixer) => RuleFix[] }}
 */
export function useAuthoringName(sourceCode, name) {
  /** @type {import('../types.mjs').ImportDeclaration | undefined} */
  let named;
  for (const statement of sourceCode.ast.body) {
    if (statement.type !== 'ImportDeclaration' || statement.importKind === 'type' || !isAuthoringModule(statement.source.value)) continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type === 'ImportNamespaceSpecifier') return { text: `${specifier.local.name}.${name}`, addImport: () => [] };
      if (specifier.type !== 'ImportSpecifier') continue;
      named ??= statement;
      const isTheName = specifier.imported.type === 'Identifier' && specifier.imported.name === name && specifier.importKind !== 'type';
      if (isTheName) return { text: specifier.local.name, addImport: () => [] };
    }
  }
  const last = named?.specifiers.at(-1);
  if (last !== undefined) return { text: name, addImport: (fixer) => [fixer.insertTextAfter(last, `, ${name}`)] };
  return { text: name, addImport: (fixer) => [fixer.insertTextBeforeRange([0, 0], `import { ${name} } from '@backstitch/workflow';\n`)] };
}
