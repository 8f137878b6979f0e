/**
 * `node bundle.mjs <output folder> <name=path> …`: bundles workflow code for Temporal's sandbox with Temporal's own bundler, with the shim in place of
 * `@backstitch/workflow`. Writes `<name>.js` for each path.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const SHIM = fileURLToPath(new URL('./shim/index.mjs', import.meta.url));
const INTERCEPTORS = fileURLToPath(new URL('./shim/interceptors.mjs', import.meta.url));
const PUPPET = fileURLToPath(new URL('./shim/puppet.mjs', import.meta.url));
const MODULES = fileURLToPath(new URL('./node_modules', import.meta.url));

const [outputFolder = '', ...entries] = process.argv.slice(2);
const problems = [];
const logger = new DefaultLogger('WARN', ({ message }) => problems.push(message));
for (const entry of entries) {
  const [name, workflowsPath] = entry.split('=');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    // The puppet sees every job itself.
    workflowInterceptorModules: [workflowsPath === PUPPET ? PUPPET : INTERCEPTORS],
    logger,
    webpackConfigHook: (config) => ({
      ...config,
      resolve: {
        ...config.resolve,
        modules: [...(config.resolve?.modules ?? []), MODULES],
        extensions: ['.ts', '.mjs', '.js'],
        alias: { ...config.resolve?.alias, '@backstitch/workflow$': SHIM },
      },
    }),
  });
  writeFileSync(join(outputFolder, `${name}.js`), code);
}
if (problems.length > 0) console.error(problems.join('\n'));
