/** `npm run reset`: removes `.backstitch/`, that is all data, logs and keys of the local stack. */
import { fileURLToPath } from 'node:url';

const { resetStateDirectory, STATE_DIRECTORY } = await import('./src/state-directory.mjs');
const { StackRunningError } = await import('./src/stack-lock.mjs');
const workspace = fileURLToPath(new URL('../../', import.meta.url));
try {
  const removed = await resetStateDirectory(`${workspace}${STATE_DIRECTORY}`);
  console.log(removed ? `Removed ${STATE_DIRECTORY}/ with all its data.` : `There is no ${STATE_DIRECTORY}/: nothing to remove.`);
} catch (error) {
  if (!(error instanceof StackRunningError)) throw error;
  console.error(`${error.message} Stop it first (Ctrl-C in its terminal).`);
  process.exit(1);
}
