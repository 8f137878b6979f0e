import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { createApiKey } from './security/create-key.js';
import { ROLES } from './security/roles.js';
import { withKeyDatabase } from './security/with-key-database.js';

const USAGE = `Usage: node create-api-key.js --role orders|operator|viewer --name <name> [--from-stdin]

Makes an API key and prints it, once. DATABASE_URL names the gateway's database.
--from-stdin  takes the key from standard input instead of making one`;

const argumentsSchema = z.strictObject({ role: z.enum(ROLES), name: z.string().trim().min(1).max(100), 'from-stdin': z.boolean().default(false) });

async function main(): Promise<void> {
  const parsed = argumentsSchema.safeParse(
    parseArgs({ options: { role: { type: 'string' }, name: { type: 'string' }, 'from-stdin': { type: 'boolean' } } }).values,
  );
  if (!parsed.success) {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 2;
    return;
  }
  const { role, name, 'from-stdin': fromStdin } = parsed.data;
  const given = fromStdin ? (await text(process.stdin)).trim() : undefined;
  const key = await withKeyDatabase('create-api-key', (dataSource) => createApiKey(dataSource, role, name, given));
  process.stdout.write(`${key}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
});
