import type { ControlClient } from '@backstitch/client';

/** What a person's tool does: the reason and the name enter the run's history. */
export async function refundedByHand(control: ControlClient, workflowId: string, identity: string): Promise<number> {
  const { incidents } = await control.listIncidents();
  const failed = incidents.filter((incident) => incident.workflowId === workflowId && incident.kind === 'UNDO_FAILED');
  for (const { incidentNumber } of failed) {
    await control.resolveIncident(workflowId, incidentNumber, 'skip', { reason: 'The hotel has confirmed by phone', identity });
  }
  return failed.length;
}
