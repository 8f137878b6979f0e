import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { PayloadConverterError } from './payload-errors.js';
import type { PayloadConverter } from './payload-converters.js';

/**
 * The `payloadConverter` that a module exports: CommonJS, or an ES module.
 * @param path absolute, as `require.resolve` gives it
 * @throws PayloadConverterError if it exports none; what loading it throws
 */
export async function loadPayloadConverter(path: string): Promise<PayloadConverter> {
  const { payloadConverter } = (await load(path)) as { payloadConverter?: Partial<PayloadConverter> };
  if (typeof payloadConverter?.toPayload !== 'function' || typeof payloadConverter.fromPayload !== 'function') {
    throw new PayloadConverterError(`${path} exports no payloadConverter.`);
  }
  return payloadConverter as PayloadConverter;
}

/** By `require` first, so that a program's hooks for TypeScript and aliases hold, and a module that it has loaded already is the same one. */
async function load(path: string): Promise<unknown> {
  try {
    return createRequire(import.meta.url)(path) as unknown;
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_REQUIRE_ESM' && code !== 'ERR_UNKNOWN_FILE_EXTENSION' && name !== 'SyntaxError') throw error;
    return import(pathToFileURL(path).href);
  }
}
