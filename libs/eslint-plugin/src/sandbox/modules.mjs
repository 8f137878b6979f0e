import { builtinModules } from 'node:module';

/** Modules that the authoring API is imported from. */
export const AUTHORING_MODULES = ['@backstitch/workflow', '@backstitch/workflow/common', '@temporalio/workflow', '@temporalio/common'];

/**
 * Packages that the bundler refuses, whose place is in activities and services. A trailing `*` stands for any rest; a test compares them with the sandbox.
 */
export const FORBIDDEN_PACKAGES = [
  '@backstitch/activity', '@backstitch/client', '@backstitch/engine', '@backstitch/orchestrator', '@backstitch/queues', '@backstitch/sandbox',
  '@backstitch/service-kit', '@backstitch/testing', '@fastify/*', '@nestjs/*', '@temporalio/activity', '@temporalio/client', '@temporalio/worker',
  'axios', 'bullmq', 'fastify', 'ioredis', 'node-fetch', 'pg', 'pino', 'prom-client', 'stripe', 'typeorm', 'undici',
];

/** Modules of Node that have a replacement in the sandbox, and what of them is there. */
const UTIL = ['default', 'format', 'inspect', 'isDeepStrictEqual', 'TextDecoder', 'TextEncoder'];
const ASSERT = [
  'default', 'AssertionError', 'deepEqual', 'deepStrictEqual', 'equal', 'fail', 'match', 'notDeepStrictEqual', 'notEqual', 'notStrictEqual', 'ok', 'rejects', 'strict',
  'strictEqual', 'throws',
];
/** @type {ReadonlyMap<string, readonly string[]>} */
export const REPLACED_MODULES = new Map([
  ['util', UTIL],
  ['assert', ASSERT],
  ['assert/strict', ASSERT],
]);

const BUILT_INS = new Set(builtinModules);

/**
 * @param {string} specifier
 * @returns {string | undefined} the name of Node's module without `node:`, if it is one
 */
export function builtInName(specifier) {
  const bare = specifier.startsWith('node:') ? specifier.slice('node:'.length) : specifier;
  return specifier.startsWith('node:') || BUILT_INS.has(bare) || BUILT_INS.has(bare.split('/', 1)[0] ?? '') ? bare : undefined;
}

/**
 * @param {string} specifier as it is imported by
 * @param {readonly string[]} patterns names of modules; a package's name stands for all that is in it, a trailing `*` for any rest
 */
export function matchesModule(specifier, patterns) {
  return patterns.some((pattern) => (pattern.endsWith('*') ? specifier.startsWith(pattern.slice(0, -1)) : specifier === pattern || specifier.startsWith(`${pattern}/`)));
}

/**
 * `@scope/name/deep/path` → `@scope/name`.
 * @param {string} specifier
 */
export function packageNameOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** @param {string} specifier */
export function isRelative(specifier) {
  return specifier.startsWith('.') || specifier.startsWith('/');
}
