import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Parameter of factories: the `Function` that makes functions of text. */
export const FUNCTION_PARAMETER = '__backstitchFunction';

/** Modules of libraries that cannot do without it: protobufjs makes encoders and decoders of its types. */
export const CODE_GENERATORS = /[\\/](protobufjs[\\/]src[\\/]util[\\/]codegen|@protobufjs[\\/]codegen[\\/]index)\.js$/;

/** Gives these modules, and no others, a `Function` that works; no line of them moves. */
export function codeGenerationPlugin(): Plugin {
  return {
    name: 'backstitch-code-generation',
    setup(build) {
      build.onLoad({ filter: CODE_GENERATORS }, async ({ path }) => ({ contents: `var Function = ${FUNCTION_PARAMETER}; ${await readFile(path, 'utf8')}`, loader: 'js' }));
    },
  };
}
