/** `npm run bench`: orders through Backstitch and through raw BullMQ, side by side; `--section runtime`: the engine alone. See docs/performance.md. */
import { main } from './src/main.mjs';
import { runtimeMain } from './src/runtime/main.mjs';

const args = process.argv.slice(2);
process.exitCode = await (args.some((argument) => argument.startsWith('--section')) ? runtimeMain(args) : main(args));
