/** `npm run bench:takeover`: how long until the partitions of a killed orchestrator are held again. */
import { main } from './src/takeover-cli.mjs';

await main(process.argv.slice(2));
