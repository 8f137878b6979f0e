import { startOrchestrator } from './start-orchestrator.js';

await startOrchestrator(import.meta.url);
