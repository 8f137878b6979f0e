/** `npm run chaos`: the kill test. */
import { main } from './src/cli.mjs';

await main(process.argv.slice(2));
