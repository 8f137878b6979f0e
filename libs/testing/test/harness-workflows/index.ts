export * from './child-workflows.js';
export * from './cancellation-workflows.js';
export * from './message-workflows.js';
export * from './plain-workflows.js';
