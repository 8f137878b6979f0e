import { authoringName, originOf } from './imports.mjs';
import { isAuthoringModule } from './settings.mjs';
import { descendants, enclosingFunctions, initOf, memberName, unwrap, variableOf } from './syntax.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').CallExpression} CallExpression */
/** @typedef {import('../types.mjs').FunctionNode} FunctionNode */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */
/** @typedef {'step' | 'pivot' | 'lock' | 'saga'} SagaMethod */

const METHODS = ['step', 'pivot', 'lock', 'saga'];

/**
 * The method of a saga that a call calls: `s.step(…)` where `s` is what the body of a saga got, or has the type `Saga`; `step(…)` where it was taken out of that.
 * @param {SourceCode} sourceCode
 * @param {CallExpression} call
 * @returns {SagaMethod | undefined}
 */
export function sagaMethodOf(sourceCode, call) {
  const callee = unwrap(call.callee);
  const name = callee.type === 'MemberExpression' ? memberName(callee) : takenOutOfSaga(sourceCode, callee);
  if (name === undefined || !METHODS.includes(name)) return undefined;
  if (callee.type === 'MemberExpression' && !isSaga(sourceCode, callee.object)) return undefined;
  return /** @type {SagaMethod} */ (name);
}

/**
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @returns {boolean} whether an expression is what the body of a saga gets
 */
function isSaga(sourceCode, node) {
  const variable = variableOf(sourceCode, unwrap(node));
  const definition = variable?.defs[0];
  if (definition?.type === 'Parameter') {
    const { name, node: fn } = definition;
    if (name.type !== 'Identifier') return false;
    return isSagaType(sourceCode, name) || (isSagaBody(sourceCode, fn) && /** @type {FunctionNode} */ (fn).params[0] === name);
  }
  const value = initOf(variable);
  return value?.path.length === 0 && value.init.type === 'Identifier' && isSaga(sourceCode, value.init);
}

/**
 * `async ({ step }) => …` as the body of a saga, `const { step } = s`.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @returns {string | undefined} the method's name
 */
function takenOutOfSaga(sourceCode, node) {
  const variable = variableOf(sourceCode, node);
  const definition = variable?.defs[0];
  if (definition?.type === 'Parameter') {
    const pattern = /** @type {FunctionNode} */ (definition.node).params[0];
    if (pattern?.type !== 'ObjectPattern' || !isSagaBody(sourceCode, definition.node)) return undefined;
    for (const property of pattern.properties) if (property.type === 'Property' && property.value === definition.name) return memberName(property);
    return undefined;
  }
  const value = initOf(variable);
  return value?.path.length === 1 && isSaga(sourceCode, value.init) ? value.path[0] : undefined;
}

/**
 * Whether a function is the body of a saga: the last argument of `saga(…)` or `s.saga(…)`.
 * @param {SourceCode} sourceCode
 * @param {Node} fn
 * @returns {boolean}
 */
export function isSagaBody(sourceCode, fn) {
  const call = fn.parent;
  if (call?.type !== 'CallExpression' || call.arguments.at(-1) !== fn) return false;
  return authoringName(sourceCode, call.callee) === 'saga' || sagaMethodOf(sourceCode, call) === 'saga';
}

/**
 * The innermost part of a saga around a node: its body, or a function that is handed a saga.
 * @param {SourceCode} sourceCode
 * @param {Node} node
 * @returns {FunctionNode | undefined}
 */
export function sagaAround(sourceCode, node) {
  for (const fn of enclosingFunctions(node)) {
    if (isSagaBody(sourceCode, fn) || fn.params.some((parameter) => parameter.type === 'Identifier' && isSagaType(sourceCode, parameter))) return fn;
  }
  return undefined;
}

/**
 * Whether a part of a saga is there for a lock alone: it takes one, and has no steps.
 * @param {SourceCode} sourceCode
 * @param {FunctionNode} fn
 */
export function isForLockAlone(sourceCode, fn) {
  const methods = new Set();
  for (const node of descendants(sourceCode, fn)) if (node.type === 'CallExpression') methods.add(sagaMethodOf(sourceCode, node));
  return methods.has('lock') && !methods.has('step') && !methods.has('pivot');
}

/**
 * The name by which a part of a saga calls it.
 * @param {FunctionNode} fn
 * @param {SourceCode} sourceCode
 * @returns {string | undefined}
 */
export function sagaNameIn(sourceCode, fn) {
  const parameter = fn.params.find((candidate) => candidate.type === 'Identifier' && (isSagaType(sourceCode, candidate) || candidate === fn.params[0]));
  return parameter?.type === 'Identifier' ? parameter.name : undefined;
}

/**
 * @param {SourceCode} sourceCode
 * @param {import('../types.mjs').Identifier} parameter
 */
function isSagaType(sourceCode, parameter) {
  const type = parameter.typeAnnotation?.typeAnnotation;
  if (type?.type !== 'TSTypeReference') return false;
  const { typeName } = type;
  if (typeName.type === 'TSQualifiedName') {
    const origin = originOf(sourceCode, typeName.left);
    return typeName.right.name === 'Saga' && origin !== undefined && isAuthoringModule(origin.module);
  }
  const origin = originOf(sourceCode, typeName);
  return origin?.name === 'Saga' && isAuthoringModule(origin.module);
}
