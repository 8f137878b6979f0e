import { initOf, isGlobal, memberName, staticText, unwrap, variableOf } from './syntax.mjs';
import { isAuthoringModule } from './settings.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').Variable} Variable */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */
/** @typedef {import('../types.mjs').Reference} Reference */

/**
 * Where a name comes from.
 * @typedef {object} Origin
 * @property {string} module
 * @property {string} name as the module exports it; `*` for all that it exports
 * @property {boolean} isType imported by `import type`
 */

/**
 * @param {Variable | undefined} variable
 * @returns {Origin | undefined} what the variable was imported as
 */
export function importOf(variable) {
  const definition = variable?.defs[0];
  if (definition === undefined || definition.type !== 'ImportBinding') return undefined;
  const { node, parent } = definition;
  if (parent?.type !== 'ImportDeclaration') {
    const module = node.type === 'TSImportEqualsDeclaration' && node.moduleReference.type === 'TSExternalModuleReference' ? staticText(node.moduleReference.expression) : undefined;
    return module === undefined ? undefined : { module, name: '*', isType: false };
  }
  const module = parent.source.value;
  const isType = parent.importKind === 'type';
  if (node.type === 'ImportNamespaceSpecifier') return { module, name: '*', isType };
  if (node.type === 'ImportDefaultSpecifier') return { module, name: 'default', isType };
  if (node.type !== 'ImportSpecifier') return undefined;
  return { module, name: node.imported.type === 'Identifier' ? node.imported.name : node.imported.value, isType: isType || node.importKind === 'type' };
}

/**
 * The module and name that an expression means: an imported name, a member of an imported namespace, a name taken out of one.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @param {number} [depth] how many more constants are looked through
 * @returns {Origin | undefined}
 */
export function originOf(sourceCode, node, depth = 3) {
  const at = unwrap(node);
  if (at.type === 'MemberExpression') {
    const origin = originOf(sourceCode, at.object, depth);
    const name = memberName(at);
    return origin?.name === '*' && name !== undefined ? { ...origin, name } : undefined;
  }
  if (at.type === 'CallExpression') {
    const module = isGlobal(sourceCode, at.callee, 'require') ? staticText(at.arguments[0]) : undefined;
    return module === undefined ? undefined : { module, name: '*', isType: false };
  }
  const variable = variableOf(sourceCode, at);
  const imported = importOf(variable);
  if (imported !== undefined || depth === 0) return imported;
  const value = initOf(variable);
  if (value === undefined || value.path.length > 1) return undefined;
  const origin = originOf(sourceCode, value.init, depth - 1);
  const [name] = value.path;
  if (name === undefined) return origin;
  return origin?.name === '*' ? { ...origin, name } : undefined;
}

/**
 * The name of the authoring API that an expression means: `sleep` for `sleep`, `workflow.sleep`, or `pause` where that was imported as such. The default
 * import of a module stands for the module.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @returns {string | undefined}
 */
export function authoringName(sourceCode, node) {
  const origin = originOf(sourceCode, node);
  return origin !== undefined && isAuthoringModule(origin.module) ? origin.name : undefined;
}

/**
 * Whether a reference is in a place where only a type can be: `typeof x` of a type, `x.T`. What only such references need does not exist at run time.
 * @param {Reference} reference
 */
export function isTypeReference(reference) {
  if (reference.isValueReference !== true && /** @type {{ isTypeReference?: boolean }} */ (reference).isTypeReference === true) return true;
  /** @type {Node} */
  let at = /** @type {Node} */ (reference.identifier);
  while (at.parent?.type === 'TSQualifiedName') at = at.parent;
  return at.parent?.type === 'TSTypeQuery' || at.parent?.type === 'TSTypeReference' || at.parent?.type === 'TSInterfaceHeritage';
}
