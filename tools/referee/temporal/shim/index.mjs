/**
 * What workflow code imports as `@backstitch/workflow`, over Temporal's own API: everything that Temporal exports, and what Backstitch adds to it.
 * Runs inside Temporal's workflow sandbox.
 */
export * from '@temporalio/workflow';
export { proxyActivities, proxyLocalActivities } from './activities.mjs';
export { saga, SAGA_UNDO_FAILED } from './saga.mjs';

/** Milliseconds since the epoch: the sandbox's clock is the workflow's. */
export const now = () => Date.now();

/** The sandbox's Math.random is the workflow's. */
export const random = () => Math.random();
