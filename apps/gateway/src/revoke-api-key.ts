import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { apiKeyIdOf } from './security/api-key-token.js';
import { revokeApiKey } from './security/revoke-key.js';
import { withKeyDatabase } from './security/with-key-database.js';

const USAGE = `Usage: node revoke-api-key.js --id <16 hex digits> | --from-stdin

Takes an API key back, for good; it stops working within seconds. DATABASE_URL names the gateway's database.
--id          the part of the key between the underscores, as it stands in logs and in PlacedBy
--from-stdin  takes the whole key from standard input`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { id: { type: 'string' }, 'from-stdin': { type: 'boolean', default: false } } });
  const id = values['from-stdin'] ? apiKeyIdOf((await text(process.stdin)).trim()) : values.id;
  if (id === undefined || !/^[0-9a-f]{16}$/.test(id)) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const outcome = await withKeyDatabase('revoke-api-key', (dataSource) => revokeApiKey(dataSource, id));
  if (outcome === 'unknown') {
    process.stderr.write(`There is no API key ${id}.\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(outcome === 'revoked' ? `API key ${id} is revoked.\n` : `API key ${id} was revoked before.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
});
