import type { ConnectionOptions } from '@backstitch/client';

/** Where a program's client connects to, as `@temporalio/envconfig` reads it from environment and files. */
export interface ClientConnectConfig {
  connectionOptions: ConnectionOptions;
  namespace: string;
}

/** For programs that ask for it: without an address they connect to the test environment that was made last. Nothing is read. */
export function loadClientConnectConfig(options?: object): ClientConnectConfig {
  void options;
  return { connectionOptions: {}, namespace: 'default' };
}
