import type { WatchedProcess } from './home/overview.service.js';

const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:3000';

/**
 * Where the operator's own machine reaches the gateway: where the console does, unless that is a name that only a network of containers
 * knows; then the default port on loopback.
 */
export function reachableGatewayUrl(processes: readonly WatchedProcess[]): string {
  const url = processes.find(({ name }) => name === 'gateway')?.url;
  if (url === undefined) return DEFAULT_GATEWAY_URL;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || /[.:]/.test(hostname) ? url : DEFAULT_GATEWAY_URL;
}
