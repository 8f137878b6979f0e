/** More texts than these are written out each time: options that differ from call to call must not be kept for ever. */
const RECURRING_MAX = 1_000;

const indexes = new Map<string, string>();
let news: string[] = [];

/**
 * A JSON text that commands of many runs have in common, as it is to stand in a command: a number, which the host knows after
 * {@link takeRecurringJson}, or the text itself. The host may see numbers of one context only.
 */
export function recurringJson(json: string): string {
  let index = indexes.get(json);
  if (index === undefined) {
    if (indexes.size >= RECURRING_MAX) return json;
    index = String(indexes.size);
    indexes.set(json, index);
    news.push(json);
  }
  return index;
}

/** The texts that have got a number since the last call, in order of their numbers, from 0, as a JSON array; undefined if there are none. */
export function takeRecurringJson(): string | undefined {
  if (news.length === 0) return undefined;
  const json = `[${news.join(',')}]`;
  news = [];
  return json;
}
