/**
 * `npm start`: brings up the whole order platform.
 */
import './ensure-installed.mjs';

const { main } = await import('./src/cli.mjs');
await main(process.argv.slice(2));
