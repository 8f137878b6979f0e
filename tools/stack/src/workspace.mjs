import { fileURLToPath } from 'node:url';

/** Root of the workspace, without a slash at its end. */
export const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');
