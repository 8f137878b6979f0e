import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodePayload, encodePayload, encodePayloads, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import type { CliEnvironment } from './environment.js';
import { FileUnreadableError } from './errors.js';

export interface CodecFlags {
  codec?: string;
}

/** The deployment's payload codec as the command uses it: to show what histories hold, and to send what services and workflows can read. Without a codec values stay as they are. */
export class CliCodec {
  constructor(readonly codec: PayloadCodec | undefined) {}

  encode(value: JsonValue): Promise<JsonValue> {
    return encodePayload(this.codec, value);
  }

  encodeAll(values: readonly JsonValue[]): Promise<JsonValue[]> {
    return encodePayloads(this.codec, [...values]);
  }

  async encodeFields(fields: Record<string, JsonValue>): Promise<Record<string, JsonValue>> {
    const values = await this.encodeAll(Object.values(fields));
    return Object.fromEntries(Object.keys(fields).map((name, index) => [name, values[index] ?? null]));
  }

  /** An answer with every encoded value in it decoded, however deep. */
  async decode<Answer>(answer: Answer): Promise<Answer> {
    if (this.codec === undefined || answer === undefined) return answer;
    return (await decodePayload(this.codec, answer as JsonValue, Infinity)) as Answer;
  }
}

/** The codec that `--codec` or BACKSTITCH_CODEC names: a module that exports one as `payloadCodec` or `default`, or a function that makes one. @throws FileUnreadableError */
export async function loadCodec({ environment }: CliEnvironment, { codec }: CodecFlags): Promise<CliCodec> {
  const name = codec ?? environment['BACKSTITCH_CODEC'];
  if (name === undefined || name === '') return new CliCodec(undefined);
  // A path, or the name of a package.
  const target = /^[./]|\.[cm]?js$/.test(name) ? pathToFileURL(resolve(name)).href : name;
  let exported: Record<string, unknown>;
  try {
    exported = (await import(target)) as Record<string, unknown>;
  } catch (cause) {
    throw new FileUnreadableError(name, `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const found = exported['payloadCodec'] ?? exported['default'];
  const made: unknown = typeof found === 'function' ? await (found as () => unknown)() : found;
  if (!isCodec(made)) throw new FileUnreadableError(name, 'exports no codec: `payloadCodec`, or its default, must have `encode` and `decode`, or be a function that makes one.');
  return new CliCodec(made);
}

function isCodec(value: unknown): value is PayloadCodec {
  const { encode, decode } = (value ?? {}) as Partial<Record<'encode' | 'decode', unknown>>;
  return typeof encode === 'function' && typeof decode === 'function';
}
