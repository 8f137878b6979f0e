/** More texts than these are written out each time: options that differ from call to call must not be kept for ever. */
const RECURRING_MAX = 1_000;

const indexes = new Map<string, string>();
const texts: string[] = [];
/** Of the texts, so many the host has. */
let confirmed = 0;
let taken = 0;

/**
 * A JSON text that commands of many runs have in common, as it is to stand in a command: a number, which the host knows after
 * {@link takeRecurringJson}, or the text itself. The host may see numbers of one context only.
 */
export function recurringJson(json: string): string {
  let index = indexes.get(json);
  if (index === undefined) {
    if (texts.length >= RECURRING_MAX) return json;
    index = String(texts.length);
    indexes.set(json, index);
    texts.push(json);
  }
  return index;
}

/**
 * The texts that the host does not have for certain, in order of their numbers, and the number of the first, as JSON: `{"from":0,"values":[…]}`; undefined if there
 * are none. They are given again until they are confirmed.
 */
export function takeRecurringJson(): string | undefined {
  taken = texts.length;
  return taken === confirmed ? undefined : `{"from":${confirmed},"values":[${texts.slice(confirmed).join(',')}]}`;
}

/** What was taken has arrived. */
export function confirmRecurring(): void {
  confirmed = taken;
}

/** What was taken may not have arrived: code was stopped meanwhile. */
export function withdrawRecurring(): void {
  taken = confirmed;
}
