/** Services that serve activities: each has queues of its own. */
export const QUEUE_SERVICES = /** @type {const} */ (['inventory', 'payment', 'fulfilment']);

/** Roles that own the schema of their name. */
export const SCHEMA_ROLES = /** @type {const} */ (['gateway', 'orchestrator', ...QUEUE_SERVICES]);

/** Every role of the platform: the owners, `console` (queues only) and `auditor` (ledgers only). */
export const ROLES = /** @type {const} */ ([...SCHEMA_ROLES, 'console', 'auditor']);

/** Roles besides the owner that work with every service's queues. */
export const QUEUE_GUESTS = /** @type {const} */ (['orchestrator', 'console']);

/** @typedef {(typeof ROLES)[number]} Role */

/**
 * The schema of a service's queues, on the Postgres backend.
 * @param {string} service
 */
export function queueSchemaOf(service) {
  return `queue_${service}`;
}

/**
 * The queues of a service: its steps, its undos, and the outcomes that it sends back.
 * @param {string} service
 */
export function queuesOf(service) {
  return [service, `${service}.compensation`, `${service}.outcomes`];
}
