import type { JsonValue } from './json.js';

/** What interceptors send along with a call, by name. */
export type Headers = Record<string, JsonValue>;
