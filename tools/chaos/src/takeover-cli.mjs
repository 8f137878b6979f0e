import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hasRedisServer } from '@backstitch/servers';
import { UsageError, wholeNumber } from '@backstitch/stack';
import { measureTakeover } from './takeover.mjs';

const ROUNDS_DEFAULT = 5;
const ROUNDS_MAX = 1_000;

const HELP = `Kills an orchestrator with SIGKILL while orders are under way, and measures how long it takes until all partitions are held again.

  npm run bench:takeover -- --rounds 5 --json FILE

Each round has two parts: one of two orchestrators is killed and stays down until the other holds everything; then both are killed and started again at once.

Options
  --rounds N       default ${ROUNDS_DEFAULT}
  --backend NAME   redis or postgres: where the queues are (default: redis where a redis-server is found)
  --json FILE      writes the figures as JSON
  --help           this text
`;

/**
 * Sets the process's exit code: 0 measured, 1 failed, 2 wrong usage.
 * @param {string[]} args
 */
export async function main(args) {
  try {
    const { values } = parseArgs({
      args,
      options: { rounds: { type: 'string' }, backend: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help === true) {
      console.log(HELP);
      return;
    }
    const backend = values.backend ?? (hasRedisServer() ? 'redis' : 'postgres');
    if (backend !== 'redis' && backend !== 'postgres') throw new UsageError('--backend is redis or postgres.');
    const rounds = Math.max(1, wholeNumber(values.rounds ?? String(ROUNDS_DEFAULT), '--rounds', ROUNDS_MAX));
    const figures = await measureTakeover({ rounds, backend, onProgress: (message) => console.log(message) });
    console.log(`Longest take-over ${figures.takeoverMsMax} ms, longest restart ${figures.restartMsMax} ms, longest order meanwhile ${figures.orderMsMax} ms`);
    if (values.json !== undefined) writeFileSync(resolve(process.env.INIT_CWD ?? process.cwd(), values.json), `${JSON.stringify(figures, null, 2)}\n`);
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    console.error(isUsage ? `${/** @type {Error} */ (error).message}\n\n${HELP}` : error);
    process.exitCode = isUsage ? 2 : 1;
  }
}
