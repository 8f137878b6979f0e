import { fileURLToPath } from 'node:url';

const place = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

export const WORKSPACE = place('../../../');
/** Temporal's runtime, with a manifest and a lock of its own, and what runs on it. */
export const TEMPORAL = place('../temporal/');
export const SOURCE = place('./');
export const CACHE = place('../../../node_modules/.cache/backstitch/');
