/** @typedef {import('./start-stack.mjs').Stack} Stack */
/** @typedef {import('./start-stack.mjs').RunningInstance} RunningInstance */
/** @typedef {import('./services.mjs').ServiceName} ServiceName */
/** @typedef {import('./services.mjs').InstanceCounts} InstanceCounts */
export { BuildFailedError, buildPlatform } from './build-platform.mjs';
export { readScale, UsageError, wholeNumber } from './cli-options.mjs';
export { awaitClosed } from './control-api.mjs';
export { HttpError, requestJson } from './http-error.mjs';
export { importOrders, readImport, uploadOrders } from './import-orders.mjs';
export { placeOrder, placeSamples } from './place-samples.mjs';
export { readReconciliation } from './reconciliation.mjs';
export { sampleOrders } from './sample-orders.mjs';
export { seededRandom } from './seeded-random.mjs';
export { COUNTRY_NOT_SERVED } from './services.mjs';
export { startStack } from './start-stack.mjs';
export { StackRunningError } from './stack-lock.mjs';
export { waitUntil } from './wait-until.mjs';
