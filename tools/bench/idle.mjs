/** `npm run bench:idle`: what a stack with many sleeping runs asks of Postgres, and how late it wakes those that are due. See docs/operations.md. */
import { main } from './src/idle/main.mjs';

process.exitCode = await main(process.argv.slice(2));
