import { setTimeout as delay } from 'node:timers/promises';

/** Waits; false if the signal ended the wait. */
export async function abortableDelay(delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(delayMs, undefined, { signal, ref: false });
    return true;
  } catch {
    return false;
  }
}
