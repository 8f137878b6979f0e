import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { connectWithRetry, createDataSource, createLogger, databaseConfiguration, migrate, readConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';
import { gatewayMigrations } from './migrations/index.js';
import { createApiKey } from './security/create-key.js';
import { ROLES } from './security/roles.js';

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
  const configuration = readConfiguration(z.object({ DATABASE_URL: databaseConfiguration.DATABASE_URL }));
  const given = fromStdin ? (await text(process.stdin)).trim() : undefined;
  const dataSource = createDataSource({
    url: configuration.DATABASE_URL,
    schema: 'gateway',
    migrations: gatewayMigrations,
    poolMax: 2,
    applicationName: 'gateway create-api-key',
  });
  await connectWithRetry(() => migrate(dataSource), { logger: createLogger({ service: 'create-api-key', level: 'silent' }) });
  await dataSource.initialize();
  try {
    process.stdout.write(`${await createApiKey(dataSource, role, name, given)}\n`);
  } finally {
    await dataSource.destroy();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
});
