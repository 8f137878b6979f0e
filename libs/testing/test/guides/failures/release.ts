import type { ControlClient } from '@backstitch/client';

/** After the deployment of mended code: lets the held runs go on. */
export async function releaseHeldRuns(control: ControlClient, identity: string): Promise<string[]> {
  const { incidents } = await control.listIncidents();
  const held = incidents.filter(({ kind }) => kind === 'WORKFLOW_TASK_FAILED' || kind === 'NONDETERMINISM');
  for (const { workflowId, incidentNumber } of held) {
    await control.resolveIncident(workflowId, incidentNumber, 'retry', { reason: 'Release 42 mends it', identity });
  }
  return held.map(({ workflowId }) => workflowId);
}
