/** How many activities may run at once. */
export interface PoolShares {
  concurrency: number;
  compensationConcurrency: number;
}

/** Connections that stay free for health checks and background work. */
const SPARE = 2;

/**
 * Shares a pool out among steps and undos, each of which holds a connection while it runs: a quarter for undos, so that steps never starve them, two
 * spare, the rest for steps; one each at least.
 */
export function sharePool(poolMax: number): PoolShares {
  const compensationConcurrency = Math.max(1, Math.floor(poolMax / 4));
  return { compensationConcurrency, concurrency: Math.max(1, poolMax - compensationConcurrency - SPARE) };
}
