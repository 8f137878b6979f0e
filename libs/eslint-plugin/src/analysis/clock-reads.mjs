import { builtInName } from '../sandbox/modules.mjs';
import { originOf } from './imports.mjs';
import { isAuthoringModule } from './settings.mjs';
import { isGlobal, memberName, unwrap } from './syntax.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').SourceCode} SourceCode */

/** Members of globals that give the time or chance. @type {Record<string, readonly string[]>} */
const MEMBERS = {
  Date: ['now'],
  Math: ['random'],
  performance: ['now', 'timeOrigin'],
  crypto: ['randomUUID', 'getRandomValues'],
  process: ['hrtime', 'uptime'],
};
const AUTHORING_NAMES = ['now', 'random', 'uuid4'];
/** What modules give of it. @type {Record<string, readonly string[]>} */
const MODULES = {
  crypto: ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'],
  perf_hooks: ['performance'],
  uuid: ['v1', 'v4', 'v6', 'v7'],
  nanoid: ['nanoid'],
};

/**
 * @param {SourceCode} sourceCode
 * @param {Node} node a call or a `new`
 * @returns {boolean} whether it gives the time of day, or chance
 */
export function isClockRead(sourceCode, node) {
  if (node.type === 'NewExpression') return node.arguments.length === 0 && isGlobal(sourceCode, node.callee, 'Date');
  if (node.type !== 'CallExpression') return false;
  const callee = unwrap(node.callee);
  if (isGlobal(sourceCode, callee, 'Date')) return true;
  const origin = originOf(sourceCode, callee) ?? (callee.type === 'MemberExpression' ? originOf(sourceCode, callee.object) : undefined);
  if (origin !== undefined) {
    if (isAuthoringModule(origin.module)) return AUTHORING_NAMES.includes(origin.name);
    return MODULES[builtInName(origin.module) ?? origin.module]?.includes(origin.name) === true;
  }
  if (callee.type !== 'MemberExpression') return false;
  const object = unwrap(callee.object);
  // process.hrtime.bigint()
  if (object.type === 'MemberExpression') return isMember(sourceCode, object);
  return isMember(sourceCode, callee);
}

/**
 * @param {SourceCode} sourceCode
 * @param {import('@typescript-eslint/utils').TSESTree.MemberExpression} member
 */
function isMember(sourceCode, member) {
  const object = unwrap(member.object);
  return object.type === 'Identifier' && MEMBERS[object.name]?.includes(memberName(member) ?? '') === true && isGlobal(sourceCode, object, object.name);
}
