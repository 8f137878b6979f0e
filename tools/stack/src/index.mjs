/** @typedef {import('./start-stack.mjs').Stack} Stack */
/** @typedef {import('./services.mjs').ServiceName} ServiceName */
export { buildPlatform } from './build-platform.mjs';
export { awaitClosed } from './control-api.mjs';
export { HttpError, requestJson } from './http-error.mjs';
export { importOrders, readImport, uploadOrders } from './import-orders.mjs';
export { placeOrder, placeSamples } from './place-samples.mjs';
export { readReconciliation } from './reconciliation.mjs';
export { sampleOrders } from './sample-orders.mjs';
export { startStack } from './start-stack.mjs';
export { StackRunningError } from './stack-lock.mjs';
export { waitUntil } from './wait-until.mjs';
