import { isRelative } from '../sandbox/modules.mjs';
import { authoringName, importOf } from './imports.mjs';
import { importedFile } from './imported-files.mjs';
import { initOf, isFunction, unwrap, variableOf } from './syntax.mjs';
import { typeInformation } from './type-information.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').Context} Context */
/** @typedef {'activity' | 'localActivity'} ActivityKind */

const DEPTH_MAX = 5;
/** What a file imports is looked at once each time that it is linted. @type {WeakMap<object, Map<string, import('./imported-files.mjs').ImportedFile | undefined>>} */
const filesOf = new WeakMap();
/** @type {Record<string, ActivityKind>} */
const KIND_BY_PROXY = { proxyActivities: 'activity', proxyLocalActivities: 'localActivity' };

/**
 * Whether an expression is a function of proxyActivities or proxyLocalActivities: by what the file says, by what the file that it is imported from says, and by
 * its type where types are known.
 * @param {Context} context
 * @param {Node} node
 * @param {number} [depth]
 * @returns {ActivityKind | undefined}
 */
export function activityKindOf(context, node, depth = DEPTH_MAX) {
  if (depth === 0) return undefined;
  const at = unwrap(node);
  if (at.type === 'MemberExpression') return proxyKindOf(context, at.object, depth - 1) ?? kindByType(context, at);
  if (at.type !== 'Identifier') return undefined;
  const variable = variableOf(context.sourceCode, at);
  const imported = importedActivity(context, variable);
  if (imported !== undefined && !imported.isProxy) return imported.kind;
  const value = initOf(variable);
  if (value?.path.length === 0) return activityKindOf(context, value.init, depth - 1) ?? kindByType(context, at);
  if (value?.path.length === 1) return proxyKindOf(context, value.init, depth - 1) ?? kindByType(context, at);
  return kindByType(context, at);
}

/**
 * Whether an expression is what proxyActivities or proxyLocalActivities gives.
 * @param {Context} context
 * @param {Node} node
 * @param {number} depth
 * @returns {ActivityKind | undefined}
 */
function proxyKindOf(context, node, depth) {
  if (depth === 0) return undefined;
  const at = unwrap(node);
  if (at.type === 'CallExpression') {
    const kind = KIND_BY_PROXY[authoringName(context.sourceCode, at.callee) ?? ''];
    return kind ?? proxyKindOfResult(context, at.callee, depth - 1);
  }
  if (at.type !== 'Identifier') return undefined;
  const variable = variableOf(context.sourceCode, at);
  const imported = importedActivity(context, variable);
  if (imported?.isProxy === true) return imported.kind;
  const value = initOf(variable);
  return value?.path.length === 0 ? proxyKindOf(context, value.init, depth - 1) : undefined;
}

/**
 * Of a function in this file that makes proxies: `const activitiesOf = (queue) => proxyActivities({ … })`.
 * @param {Context} context
 * @param {Node} callee
 * @param {number} depth
 * @returns {ActivityKind | undefined}
 */
function proxyKindOfResult(context, callee, depth) {
  const variable = variableOf(context.sourceCode, unwrap(callee));
  const definition = variable?.defs[0];
  const made = definition?.type === 'FunctionName' ? definition.node : initOf(variable)?.init;
  if (made === undefined || !isFunction(made) || made.body === null || made.body === undefined) return undefined;
  if (made.body.type !== 'BlockStatement') return proxyKindOf(context, made.body, depth);
  const last = made.body.body.at(-1);
  return last?.type === 'ReturnStatement' && last.argument !== null ? proxyKindOf(context, last.argument, depth) : undefined;
}

/**
 * @param {Context} context
 * @param {import('../types.mjs').Variable | undefined} variable
 * @returns {import('./imported-files.mjs').ActivityExport | undefined}
 */
function importedActivity(context, variable) {
  const imported = importOf(variable);
  if (imported === undefined || imported.isType || !isRelative(imported.module)) return undefined;
  let files = filesOf.get(context.sourceCode);
  if (files === undefined) filesOf.set(context.sourceCode, (files = new Map()));
  if (!files.has(imported.module)) files.set(imported.module, importedFile(context.filename, imported.module));
  return files.get(imported.module)?.activities.get(imported.name);
}

/**
 * @param {Context} context
 * @param {Node} node
 * @returns {ActivityKind | undefined}
 */
function kindByType(context, node) {
  return typeInformation(context)?.activityKind(node);
}
