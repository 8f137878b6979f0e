import type { JsonValue } from '@backstitch/protocol';

/**
 * Decodes what a codec encoded, so that replay can compare what was recorded with what the code gives today (law L6). A sandbox that goes with it leaves what
 * replayed code gives as it is, since none of that is recorded.
 *
 * Guarantees: answers each value with every encoded one in it decoded, in order. Rejects where the codec does.
 */
export type PayloadDecoder = (values: JsonValue[]) => Promise<JsonValue[]>;
