/** The program of a local server: `node main.js <settings as JSON>`, forked by `createLocal`. */
import type { OrchestratorLibrary, QueuesLibrary } from './libraries.js';
import { runLocalServer } from './run-local-server.js';

await runLocalServer(async ({ orchestratorUrl = '', queuesUrl = '' }) => ({
  orchestrator: (await import(orchestratorUrl)) as OrchestratorLibrary,
  queues: (await import(queuesUrl)) as QueuesLibrary,
}));
