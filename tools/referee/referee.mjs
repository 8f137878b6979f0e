/** `npm run referee`: exported histories before Temporal's own core, which accepts or rejects them. See docs/referee.md. */
import { main } from './src/main.mjs';

process.exitCode = await main(process.argv.slice(2));
