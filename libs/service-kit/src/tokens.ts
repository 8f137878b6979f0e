/** Injection token of the process's pino logger. */
export const LOGGER = Symbol('LOGGER');
/** Injection token of the process's prom-client registry. */
export const METRICS_REGISTRY = Symbol('METRICS_REGISTRY');
/** Injection token of the configuration that was read at start. */
export const CONFIGURATION = Symbol('CONFIGURATION');
/** Injection token of the service's name. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');
