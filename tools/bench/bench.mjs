/** `npm run bench`: orders through Backstitch and through raw BullMQ, side by side. See docs/performance.md. */
import { main } from './src/main.mjs';

process.exitCode = await main(process.argv.slice(2));
