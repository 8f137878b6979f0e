export * from './order.js';
export * from './activities.js';
export * from './platform.js';
export * from './ledger.js';
