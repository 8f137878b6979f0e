import { dirname } from 'node:path';
import * as authoring from '@backstitch/workflow';
import * as common from '@backstitch/workflow/common';
import type { Plugin } from 'esbuild';
import { fileOfModule } from './build-sandbox-runtime.js';

const NAMESPACE = 'backstitch-authoring';

/** Names that workflow code may import the authoring API by, and what it shares with services; files written for Temporal run unchanged. */
const AUTHORING = { filter: /^(@backstitch\/workflow|@temporalio\/workflow(\/lib\/.*)?)$/, path: 'workflow', names: Object.keys(authoring) };
const COMMON = { filter: /^(@backstitch\/workflow\/common|@temporalio\/common(\/lib\/.*)?)$/, path: 'common', names: Object.keys(common) };

/** Converters of protobuf messages are bundled as any other module, where they are used; what they share with services is the run's own. */
const PROTOBUFS = { filter: /^(@backstitch\/workflow\/common\/protobufs|@temporalio\/common\/lib\/protobufs(\.js)?)$/, path: '@backstitch/workflow/common/protobufs' };

/** Marks a question that this plugin asks itself. */
const ASKED_AGAIN = Symbol('asked again');

/** In place of the authoring modules: their names, from the run's own instance of them. */
export function authoringPlugin(contentsOf: (names: readonly string[]) => string): Plugin {
  return {
    name: 'backstitch-authoring',
    setup(build) {
      let protobufsDirectory: string | undefined;
      build.onResolve({ filter: PROTOBUFS.filter }, async ({ kind, pluginData }) => {
        if (pluginData === ASKED_AGAIN) return undefined;
        const found = await build.resolve(PROTOBUFS.path, { kind, resolveDir: dirname(fileOfModule('index')), pluginData: ASKED_AGAIN });
        protobufsDirectory = dirname(found.path);
        return found;
      });
      build.onResolve({ filter: /^\.\.\/common\.js$/ }, ({ importer }) => (dirname(importer) === protobufsDirectory ? { path: COMMON.path, namespace: NAMESPACE } : undefined));
      for (const { filter, path, names } of [AUTHORING, COMMON]) {
        build.onResolve({ filter }, () => ({ path, namespace: NAMESPACE }));
        build.onLoad({ filter: new RegExp(`^${path}$`), namespace: NAMESPACE }, () => ({ contents: contentsOf(names), loader: 'js' }));
      }
    },
  };
}

/** These calls have no effect, so that what nobody imports is left out. */
export function reExports(names: readonly string[], from: (quotedName: string) => string): string {
  return names
    .map((name) => `export ${name === 'default' ? 'default' : `const ${name} =`} /* @__PURE__ */ ${from(JSON.stringify(name))};`)
    .join('\n');
}
