/** @typedef {import('@typescript-eslint/utils').TSESTree.Node} Node */
/** @typedef {import('@typescript-eslint/utils').TSESTree.Identifier} Identifier */
/** @typedef {import('@typescript-eslint/utils').TSESTree.CallExpression} CallExpression */
/** @typedef {import('@typescript-eslint/utils').TSESTree.ImportDeclaration} ImportDeclaration */
/** @typedef {import('@typescript-eslint/utils').TSESTree.FunctionExpression | import('@typescript-eslint/utils').TSESTree.ArrowFunctionExpression | import('@typescript-eslint/utils').TSESTree.FunctionDeclaration} FunctionNode */
/** @typedef {import('@typescript-eslint/utils').TSESLint.Scope.Variable} Variable */
/** @typedef {import('@typescript-eslint/utils').TSESLint.Scope.Reference} Reference */
/** @typedef {import('@typescript-eslint/utils').TSESLint.RuleFixer} RuleFixer */
/** @typedef {import('@typescript-eslint/utils').TSESLint.RuleFix} RuleFix */
/** @typedef {Readonly<import('@typescript-eslint/utils').TSESLint.SourceCode>} SourceCode */

/**
 * What the analyses need of a rule's context, whatever the rule's messages and options are.
 * @typedef {object} Context
 * @property {SourceCode} sourceCode
 * @property {string} filename
 * @property {Record<string, unknown>} settings
 */

/**
 * @template {string} MessageIds
 * @template {object} [Options={}]
 * @typedef {import('@typescript-eslint/utils').TSESLint.RuleModule<MessageIds, [Partial<Options>?]>} Rule
 */

export {};
