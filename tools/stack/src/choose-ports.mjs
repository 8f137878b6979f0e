import { freePort } from '@backstitch/servers';
import { DEFAULT_PORTS } from './services.mjs';

/** @typedef {import('./services.mjs').ServiceName | 'postgres'} PortOwner */

const POSTGRES_PORT = 5432;

/**
 * A port for each process: the preferred one, or any free one where that is taken; then it says so.
 *
 * @param {{ ports?: Partial<Record<PortOwner, number>>, anyPort?: boolean }} options as of `startStack`
 * @param {(message: string) => void} onProgress
 * @returns {Promise<Record<PortOwner, number>>} all different
 */
export async function choosePorts({ ports = {}, anyPort = false }, onProgress) {
  const chosen = /** @type {Record<PortOwner, number>} */ ({});
  for (const [name, defaultPort] of Object.entries({ postgres: POSTGRES_PORT, ...DEFAULT_PORTS })) {
    const owner = /** @type {PortOwner} */ (name);
    const preferred = ports[owner] ?? (anyPort ? undefined : defaultPort);
    do chosen[owner] = await freePort(preferred !== undefined && !isChosen(preferred) ? preferred : undefined);
    while (Object.entries(chosen).some(([other, port]) => other !== owner && port === chosen[owner]));
    if (preferred !== undefined && chosen[owner] !== preferred) onProgress(`Port ${preferred} is taken: ${name} listens on ${chosen[owner]}`);
  }
  return chosen;

  /** @param {number} port */
  function isChosen(port) {
    return Object.values(chosen).includes(port);
  }
}
