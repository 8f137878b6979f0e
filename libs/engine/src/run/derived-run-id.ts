const MASK_64 = (1n << 64n) - 1n;

/**
 * The run id of what a run's event begins: always the same, so that a repeated start is harmless. A UUID of version 8: the first 48 bits (the time of
 * a time-ordered id) are the run's own, so that indexes stay dense; the rest is mixed from the run's id and the event's.
 */
export function derivedRunId(runId: string, eventId: number): string {
  const hex = runId.replaceAll('-', '');
  const id = /^[0-9a-f]{32}$/i.test(hex) ? BigInt(`0x${hex}`) : fromText(runId);
  const time = id >> 80n;
  const low = mix(mix(id & MASK_64) + BigInt(eventId) * 0x9e3779b97f4a7c15n);
  const middle = mix(low ^ (id >> 64n)) & 0xfffn;
  const bits = (time << 80n) | (8n << 76n) | (middle << 64n) | (2n << 62n) | (low & ((1n << 62n) - 1n));
  const text = bits.toString(16).padStart(32, '0');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** The finaliser of SplitMix64: every bit of the input changes every bit of the output. */
function mix(value: bigint): bigint {
  let mixed = value & MASK_64;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return mixed ^ (mixed >> 31n);
}

/** For run ids that are no UUIDs. */
function fromText(text: string): bigint {
  let high = 0n;
  let low = 1n;
  for (const character of text) {
    const code = BigInt(character.codePointAt(0) ?? 0);
    high = mix(high + code);
    low = mix(low ^ (high + code));
  }
  return (high << 64n) | low;
}
