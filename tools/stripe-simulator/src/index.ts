export { startStripeSimulator, type StripeSimulator, type StripeSimulatorOptions } from './stripe-simulator.js';
export { FAULTS, type Fault } from './fault.js';
export { CARD_NAMES } from './card-behaviour.js';
export type { ChargeSummary, Totals } from './objects.js';
