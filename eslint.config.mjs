import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
// By its path: the lint of a fresh clone comes before anything is built.
import backstitch from './libs/eslint-plugin/src/index.mjs';

/**
 * Who may import whom. A project bears the tag `lib:<folder>`, `app:<folder>` or `tool:<folder>`; what is not listed is forbidden.
 * Lint through Nx (`npx nx lint inventory`, `npm run lint`): without Nx's project graph the rule is silent.
 */
const LIBRARY_DIRECTIONS = {
  protocol: [],
  'service-kit': [],
  workflow: ['protocol'],
  contracts: ['protocol'],
  engine: ['protocol'],
  sandbox: ['engine', 'workflow', 'protocol'],
  queues: ['protocol'],
  activity: ['queues', 'protocol'],
  client: ['protocol', 'workflow'],
  'eslint-plugin': [],
  cli: ['client', 'sandbox', 'engine', 'protocol'],
  orchestrator: ['engine', 'sandbox', 'queues', 'protocol'],
  testing: ['engine', 'sandbox', 'workflow', 'activity', 'client', 'protocol'],
};
const APP_DIRECTIONS = {
  gateway: ['client'],
  inventory: ['activity'],
  payment: ['activity'],
  fulfilment: ['activity'],
  orchestrator: ['orchestrator', 'workflow'],
  console: ['client', 'queues'],
};
/** Every app may use the platform's own libraries, and the types of what crosses the wires. */
const APP_COMMON = ['contracts', 'service-kit', 'protocol'];
const TOOL_LIBRARIES = ['protocol', 'contracts', 'client'];
/** The bench measures services and an orchestrator of its own. */
const BENCH_LIBRARIES = [...TOOL_LIBRARIES, 'activity', 'orchestrator', 'service-kit', 'workflow', 'engine', 'sandbox', 'testing'];
/** The referee plays workflows on the engine in memory, as specs do. */
const REFEREE_LIBRARIES = ['protocol', 'engine', 'sandbox', 'testing', 'workflow'];
/** What specs may import besides; nothing else imports tools or the testing library. */
const SPEC_EXTRAS = ['lib:testing', 'tool:*'];

const SPECS = ['**/*.spec.ts', '**/test/**/*.ts'];
const libraryTags = (names) => names.map((name) => `lib:${name}`);

function boundaries(extraTags) {
  const constraint = (sourceTag, tags) => ({ sourceTag, onlyDependOnLibsWithTags: [...tags, ...extraTags] });
  return [
    'error',
    {
      allow: [],
      allowCircularSelfDependency: false,
      banTransitiveDependencies: false,
      enforceBuildableLibDependency: false,
      depConstraints: [
        ...Object.entries(LIBRARY_DIRECTIONS).map(([name, to]) => constraint(`lib:${name}`, libraryTags(to))),
        ...Object.entries(APP_DIRECTIONS).map(([name, to]) => constraint(`app:${name}`, libraryTags([...to, ...APP_COMMON]))),
        constraint('app:e2e', [...libraryTags(TOOL_LIBRARIES), 'tool:*']),
        constraint('tool:bench', [...libraryTags(BENCH_LIBRARIES), 'tool:*']),
        constraint('tool:referee', [...libraryTags(REFEREE_LIBRARIES), 'tool:*']),
        constraint('/^tool:(?!bench$|referee$)/', [...libraryTags(TOOL_LIBRARIES), 'tool:*']),
      ],
    },
  ];
}

/** Workflow code and the engine see no clock, no randomness and no world (law L5): they would diverge on replay. */
const DETERMINISTIC_LIBRARIES = ['libs/workflow/src/**/*.ts', 'libs/engine/src/**/*.ts'];
const OUR_WORKFLOWS = ['apps/orchestrator/src/workflows/**/*.ts', 'tools/bench/src/workflows/**/*.ts', 'tools/bench/src/runtime/workflows/**/*.ts'];
const DETERMINISTIC = [...DETERMINISTIC_LIBRARIES, ...OUR_WORKFLOWS];
const WORLD_MESSAGE = 'Deterministic code sees no world: take it through a port, or use what @backstitch/workflow offers.';
const NODE_BUILTINS = [...new Set(builtinModules.flatMap((name) => [name.replace(/^node:/, ''), `node:${name.replace(/^node:/, '')}`]))];
const WORLD_GLOBALS = [
  'process', 'performance', 'crypto', 'fetch', 'Buffer', 'require', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval',
  'clearImmediate', 'queueMicrotask', 'WeakRef', 'FinalizationRegistry', 'WebSocket', 'XMLHttpRequest', 'navigator',
];
/** In workflow code Date and Math.random are deterministic. `now()` and `random()` say so. */
const clockProperties = [
  { object: 'Date', property: 'now', message: WORLD_MESSAGE },
  { object: 'Math', property: 'random', message: WORLD_MESSAGE },
];
const clockSyntax = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: WORLD_MESSAGE },
  { selector: 'CallExpression[callee.name="Date"]', message: WORLD_MESSAGE },
];
const clockRules = { 'no-restricted-properties': ['error', ...clockProperties], 'no-restricted-syntax': ['error', ...clockSyntax] };
const determinismRules = {
  'no-restricted-imports': ['error', { paths: NODE_BUILTINS.map((name) => ({ name, message: WORLD_MESSAGE })), patterns: [{ regex: '^node:', message: WORLD_MESSAGE }] }],
  'no-restricted-globals': ['error', ...WORLD_GLOBALS.map((name) => ({ name, message: WORLD_MESSAGE }))],
  'no-restricted-properties': ['error', ...clockProperties, ...WORLD_GLOBALS.map((property) => ({ object: 'globalThis', property, message: WORLD_MESSAGE }))],
  'no-restricted-syntax': ['error', ...clockSyntax, { selector: 'ImportExpression', message: 'Deterministic code imports statically.' }],
};

/** Workflow code: the rules that a team takes for its own hold here too. */
const WORKFLOWS = [
  ...OUR_WORKFLOWS,
  'tools/bench/src/idle-workflows/**/*.ts',
  'tools/referee/src/workflows/**/*.ts',
  'libs/sandbox/test/workflows/**/*.ts',
  ...workflowsAmong('libs/testing/test'),
];
/** They do what is forbidden, to see that the sandbox holds. */
const HOSTILE_WORKFLOWS = ['libs/sandbox/test/workflows/hostile-workflows.ts'];

/** Workflows of tests and guides lie beside activities, clients and drivers; what they import tells them apart. */
function workflowsAmong(folder) {
  return readdirSync(join(import.meta.dirname, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /^import (?!type\b)[^;]* from '@backstitch\/workflow';$/m.test(readFileSync(path, 'utf8')))
    .map((path) => relative(import.meta.dirname, path));
}

/** Apps have no entry that others could import; their packages' names are forbidden too. */
const NO_APPS = { regex: '^@backstitch/app-', message: 'No app is imported: what two apps share belongs into a library.' };

/** Configuration is read in one place. */
const ENV_MESSAGE = 'Only service-kit reads the environment: add the variable to the configuration schema.';
const environmentRules = {
  'no-restricted-properties': ['error', { object: 'process', property: 'env', message: ENV_MESSAGE }],
  'no-restricted-imports': ['error', { paths: ['process', 'node:process'].map((name) => ({ name, message: ENV_MESSAGE })) }],
};

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/coverage/', '.nx/', '.backstitch/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.mjs'],
    languageOptions: { parser: tseslint.parser },
    plugins: { '@nx': nx, '@typescript-eslint': tseslint.plugin },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [NO_APPS] }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-debugger': 'error',
      'no-fallthrough': 'error',
      'no-unsafe-finally': 'error',
    },
  },
  {
    files: ['libs/**/*.ts', 'apps/**/*.ts', 'tools/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['libs/**/*.ts', 'apps/**/*.ts'], ignores: [...SPECS, 'libs/service-kit/**', 'apps/e2e/**', ...DETERMINISTIC], rules: environmentRules },
  { files: DETERMINISTIC_LIBRARIES, ignores: SPECS, rules: determinismRules },
  { files: OUR_WORKFLOWS, ignores: SPECS, rules: clockRules },
  { ...backstitch.configs.recommended, files: WORKFLOWS, ignores: ['**/*.spec.ts', ...HOSTILE_WORKFLOWS] },
  { ...backstitch.configs.activities, files: ['apps/*/src/**/*.ts', 'libs/testing/test/guides/**/*.ts'], ignores: ['**/*.spec.ts'] },
  {
    files: ['libs/client/src/**/*.ts'],
    ignores: SPECS,
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [NO_APPS], paths: [{ name: '@backstitch/workflow', allowTypeImports: true, message: 'The client takes types alone from workflow.' }] }] },
  },
  { files: SPECS, rules: { '@nx/enforce-module-boundaries': boundaries(SPEC_EXTRAS) } },
  // The lint and the sandbox must say the same; their code knows nothing of each other.
  { files: ['libs/eslint-plugin/test/**/*.ts'], rules: { '@nx/enforce-module-boundaries': boundaries([...SPEC_EXTRAS, 'lib:sandbox']) } },
  // The guides' code imports as their readers do: the testing library too by its name.
  { files: ['libs/testing/test/guides/**/*.ts'], rules: { '@nx/enforce-module-boundaries': ['error', { ...boundaries(SPEC_EXTRAS)[1], allowCircularSelfDependency: true }] } },
  // Nothing depends on an app, so its specs may set their stage with any library.
  { files: SPECS.map((pattern) => `apps/${pattern}`), rules: { '@nx/enforce-module-boundaries': boundaries([...SPEC_EXTRAS, 'lib:*']) } },
);
