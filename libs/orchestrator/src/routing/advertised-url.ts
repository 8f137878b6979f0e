import type { AddressInfo } from 'node:net';

const ALL_ADDRESSES = new Set(['0.0.0.0', '::', '']);

/** Where the other replicas reach what listens at this address; undefined for a socket that has none. */
export function advertisedUrl(address: AddressInfo | string | null, hostname: string): string | undefined {
  if (address === null || typeof address === 'string') {
    return undefined;
  }
  const host = ALL_ADDRESSES.has(address.address) ? hostname : address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
