import { isTypeReference } from './imports.mjs';

/** @typedef {import('../types.mjs').ImportDeclaration} ImportDeclaration */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */
/** @typedef {import('../types.mjs').RuleFixer} RuleFixer */
/** @typedef {import('../types.mjs').RuleFix} RuleFix */

/**
 * Whether an import is gone when the code runs: `import type …`, `import { type A, type B } …`.
 * @param {ImportDeclaration} declaration
 */
export function isTypeImport({ importKind, specifiers }) {
  if (importKind === 'type') return true;
  return specifiers.length > 0 && specifiers.every((specifier) => specifier.type === 'ImportSpecifier' && specifier.importKind === 'type');
}

/**
 * Whether all that is imported is used as types only, so that `import type` would do.
 * @param {SourceCode} sourceCode
 * @param {ImportDeclaration} declaration
 */
export function isUsedAsTypes(sourceCode, declaration) {
  const variables = sourceCode.getDeclaredVariables?.(declaration) ?? [];
  const references = variables.flatMap((variable) => variable.references);
  return references.length > 0 && references.every(isTypeReference);
}

/**
 * Makes an import one of types, where its form allows it.
 * @param {SourceCode} sourceCode
 * @param {ImportDeclaration} declaration
 * @returns {((fixer: RuleFixer) => RuleFix[]) | null}
 */
export function toTypeImport(sourceCode, declaration) {
  const { specifiers } = declaration;
  // `import type a, { b }` is an error of syntax.
  if (specifiers.length > 1 && specifiers.some((specifier) => specifier.type === 'ImportDefaultSpecifier')) return null;
  const keyword = sourceCode.getFirstToken(declaration);
  if (keyword === null) return null;
  return (fixer) => [
    fixer.insertTextAfter(keyword, ' type'),
    ...specifiers.flatMap((specifier) => {
      const inner = specifier.type === 'ImportSpecifier' && specifier.importKind === 'type' ? sourceCode.getFirstToken(specifier) : null;
      return inner === null ? [] : [fixer.removeRange([inner.range[0], specifier.type === 'ImportSpecifier' ? specifier.imported.range[0] : inner.range[1]])];
    }),
  ];
}
