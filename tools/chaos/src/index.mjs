/** @typedef {import('./run-chaos.mjs').ChaosOptions} ChaosOptions */
/** @typedef {import('./outcome.mjs').ChaosOutcome} ChaosOutcome */
export { outcomeLines } from './report.mjs';
export { pictureOf } from './picture.mjs';
export { runChaos } from './run-chaos.mjs';
