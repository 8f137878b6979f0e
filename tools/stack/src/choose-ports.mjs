import { freePort } from '@backstitch/servers';
import { DEFAULT_PORTS, instancesOf } from './services.mjs';

/** @typedef {import('./services.mjs').ServiceName} ServiceName */
/** @typedef {ServiceName | 'postgres'} PortOwner */

const POSTGRES_PORT = 5432;
/** Further instances of a service prefer ports so far apart. */
const INSTANCE_PORT_STEP = 10;

/**
 * A port for each process: the preferred one, or any free one where that is taken; then it says so.
 *
 * @param {{ ports?: Partial<Record<PortOwner, number>>, anyPort?: boolean, instances?: import('./services.mjs').InstanceCounts }} options as of `startStack`
 * @param {(message: string) => void} onProgress
 * @returns {Promise<Record<string, number>>} by instance name, and `postgres`; all different
 */
export async function choosePorts({ ports = {}, anyPort = false, instances }, onProgress) {
  /** @type {Record<string, number>} */
  const chosen = {};
  for (const { name, preferred } of wishes()) {
    do chosen[name] = await freePort(preferred !== undefined && !isChosen(preferred) ? preferred : undefined);
    while (Object.entries(chosen).some(([other, port]) => other !== name && port === chosen[name]));
    if (preferred !== undefined && chosen[name] !== preferred) onProgress(`Port ${preferred} is taken: ${name} listens on ${chosen[name]}`);
  }
  return chosen;

  function wishes() {
    const first = (/** @type {PortOwner} */ owner, /** @type {number} */ defaultPort) => ports[owner] ?? (anyPort ? undefined : defaultPort);
    const services = Object.entries(DEFAULT_PORTS).flatMap(([service, defaultPort]) => {
      const owner = /** @type {ServiceName} */ (service);
      const base = first(owner, defaultPort);
      return instancesOf(owner, instances).map(({ name, number }) => ({ name, preferred: base === undefined ? undefined : base + (number - 1) * INSTANCE_PORT_STEP }));
    });
    return [{ name: 'postgres', preferred: first('postgres', POSTGRES_PORT) }, ...services];
  }

  /** @param {number} port */
  function isChosen(port) {
    return Object.values(chosen).includes(port);
  }
}
