import { readFileSync } from 'node:fs';
import { cancelRaceLosers } from './rules/cancel-race-losers.mjs';
import { noActivityValues } from './rules/no-activity-values.mjs';
import { noClockInUndo } from './rules/no-clock-in-undo.mjs';
import { noFloatingCommands } from './rules/no-floating-commands.mjs';
import { noForbiddenGlobals } from './rules/no-forbidden-globals.mjs';
import { noForbiddenImports } from './rules/no-forbidden-imports.mjs';
import { noForeignAwait } from './rules/no-foreign-await.mjs';
import { requireStepUndo } from './rules/require-step-undo.mjs';

/** @typedef {import('eslint').ESLint.Plugin} Plugin */
/** @typedef {import('eslint').Linter.Config} Config */

/** @type {{ name: string, version: string }} */
const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const rules = {
  'cancel-race-losers': cancelRaceLosers,
  'no-activity-values': noActivityValues,
  'no-clock-in-undo': noClockInUndo,
  'no-floating-commands': noFloatingCommands,
  'no-forbidden-globals': noForbiddenGlobals,
  'no-forbidden-imports': noForbiddenImports,
  'no-foreign-await': noForeignAwait,
  'require-step-undo': requireStepUndo,
};

/** @type {Plugin & { configs: { recommended: Config, activities: Config } }} */
const plugin = {
  meta: { name, version, namespace: 'backstitch' },
  rules: /** @type {Plugin['rules']} */ (/** @type {unknown} */ (rules)),
  configs: {
    /** For workflow code. It names no files: give it those where yours is. */
    recommended: { name: 'backstitch/recommended' },
    /** For the code of services: what undos must not do. */
    activities: { name: 'backstitch/activities' },
  },
};
Object.assign(plugin.configs.recommended, {
  plugins: { backstitch: plugin },
  rules: Object.fromEntries(Object.keys(rules).map((rule) => [`backstitch/${rule}`, 'error'])),
});
Object.assign(plugin.configs.activities, { plugins: { backstitch: plugin }, rules: { 'backstitch/no-clock-in-undo': 'error' } });

export default plugin;
export { testFiles, workflowFiles } from './workflow-files.mjs';
