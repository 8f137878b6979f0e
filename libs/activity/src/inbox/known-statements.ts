import type { PoolClient } from 'pg';

const known = new WeakMap<PoolClient, Set<string>>();

/** Names of the prepared statements that a connection knows; whoever prepares one adds it. */
export function knownStatements(client: PoolClient): Set<string> {
  let names = known.get(client);
  if (names === undefined) known.set(client, (names = new Set()));
  return names;
}

/** Nobody can tell any more what it knows. */
export function forgetStatements(client: PoolClient): void {
  known.delete(client);
}
