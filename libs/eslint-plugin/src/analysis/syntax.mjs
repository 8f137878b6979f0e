/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').FunctionNode} FunctionNode */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */
/** @typedef {import('../types.mjs').Variable} Variable */

/** Syntax that says something to the compiler, or nothing at run time. */
const WRAPPERS = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'TSTypeAssertion', 'TSInstantiationExpression', 'ChainExpression']);
const CHAINED = new Set(['then', 'catch', 'finally']);

/**
 * The expression without what only the compiler reads: `x!`, `x as T`, `a?.b`.
 * @param {Node} node
 * @returns {Node}
 */
export function unwrap(node) {
  let at = node;
  while (WRAPPERS.has(at.type)) at = /** @type {{ expression: Node }} */ (/** @type {unknown} */ (at)).expression;
  return at;
}

/**
 * The outermost expression that is the same value: {@link unwrap} the other way.
 * @param {Node} node
 * @returns {Node}
 */
export function wrapped(node) {
  let at = node;
  while (at.parent != null && WRAPPERS.has(at.parent.type) && /** @type {{ expression?: Node }} */ (at.parent).expression === at) at = at.parent;
  return at;
}

/**
 * @param {Node} node
 * @returns {node is FunctionNode}
 */
export function isFunction(node) {
  return node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression' || node.type === 'FunctionDeclaration';
}

/**
 * @param {Node | null | undefined} node
 * @returns {string | undefined} the text of a string literal, or of a template without expressions
 */
export function staticText(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/**
 * @param {{ computed: boolean, property?: Node, key?: Node }} node a member expression, a property or a method
 * @returns {string | undefined} its name, if it can be told
 */
export function memberName(node) {
  const name = node.property ?? node.key;
  if (name === undefined) return undefined;
  if (!node.computed && name.type === 'Identifier') return name.name;
  return staticText(name);
}

/**
 * The variable that an identifier means, where it stands.
 * @param {SourceCode} sourceCode
 * @param {Node} identifier
 * @returns {Variable | undefined}
 */
export function variableOf(sourceCode, identifier) {
  if (identifier.type !== 'Identifier' || sourceCode.getScope === undefined) return undefined;
  for (let scope = /** @type {import('@typescript-eslint/utils').TSESLint.Scope.Scope | null} */ (sourceCode.getScope(identifier)); scope !== null; scope = scope.upper) {
    const variable = scope.set.get(identifier.name);
    if (variable !== undefined) return variable;
  }
  return undefined;
}

/**
 * Whether an identifier means a global: it is declared nowhere in the file.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @param {string} name
 */
export function isGlobal(sourceCode, node, name) {
  return node.type === 'Identifier' && node.name === name && (variableOf(sourceCode, node)?.defs.length ?? 0) === 0;
}

/**
 * A node and all below it. Does not go into what `skip` says.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @param {(node: Node) => boolean} [skip]
 * @returns {Generator<Node>}
 */
export function* descendants(sourceCode, node, skip = () => false) {
  yield node;
  for (const key of sourceCode.visitorKeys[node.type] ?? []) {
    const value = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (node))[key];
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && !skip(/** @type {Node} */ (child))) yield* descendants(sourceCode, /** @type {Node} */ (child), skip);
    }
  }
}

/**
 * The functions around a node, from the inside out.
 * @param {Node} node
 * @returns {Generator<FunctionNode>}
 */
export function* enclosingFunctions(node) {
  for (let at = node.parent; at != null; at = at.parent) if (isFunction(at)) yield at;
}

/**
 * What a chain of `.then(…)`, `.catch(…)` and `.finally(…)` begins with.
 * @param {Node} node
 * @returns {Node}
 */
export function startOfChain(node) {
  const at = unwrap(node);
  if (at.type !== 'CallExpression') return at;
  const callee = unwrap(at.callee);
  if (callee.type !== 'MemberExpression' || !CHAINED.has(memberName(callee) ?? '')) return at;
  return startOfChain(callee.object);
}

/**
 * The function that a call calls as a method: `Promise.race`, say, as `['Promise', 'race']`. Globals only.
 * @param {SourceCode} sourceCode
 * @param {Node} callee
 * @param {string} object
 * @returns {string | undefined} the method's name
 */
export function methodOfGlobal(sourceCode, callee, object) {
  const at = unwrap(callee);
  return at.type === 'MemberExpression' && isGlobal(sourceCode, unwrap(at.object), object) ? memberName(at) : undefined;
}

/**
 * Where a variable gets its only value: the expression, and the names of the properties that lead from it to the variable (`const { a: { b } } = c` gives `c`
 * and `['a', 'b']`). `'[]'` stands for an element of an array.
 * @param {Variable | undefined} variable
 * @returns {{ init: Node, path: string[] } | undefined} undefined too for variables that are assigned to later
 */
export function initOf(variable) {
  const [definition] = variable?.defs ?? [];
  if (variable === undefined || definition === undefined || variable.defs.length > 1) return undefined;
  const { node } = definition;
  if (node.type !== 'VariableDeclarator' || node.init === null) return undefined;
  if (variable.references.some((reference) => reference.isWrite() && reference.init !== true)) return undefined;
  const path = pathIn(node.id, definition.name);
  return path === undefined ? undefined : { init: unwrap(node.init), path };
}

/**
 * @param {Node | null} pattern
 * @param {Node} name
 * @returns {string[] | undefined}
 */
export function pathIn(pattern, name) {
  if (pattern === null) return undefined;
  if (pattern === name) return [];
  switch (pattern.type) {
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        const below = property.type === 'Property' ? pathIn(property.value, name) : undefined;
        if (below !== undefined && property.type === 'Property') return [memberName(property) ?? '', ...below];
      }
      return undefined;
    case 'ArrayPattern':
      for (const element of pattern.elements) {
        const below = pathIn(element, name);
        if (below !== undefined) return ['[]', ...below];
      }
      return undefined;
    case 'AssignmentPattern':
      return pathIn(pattern.left, name);
    default:
      return undefined;
  }
}
