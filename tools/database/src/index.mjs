/** @typedef {import('./roles.mjs').Role} Role */
export { bootstrapDatabase } from './bootstrap-database.mjs';
export { QUEUE_SERVICES, queueSchemaOf, ROLES, SCHEMA_ROLES } from './roles.mjs';
