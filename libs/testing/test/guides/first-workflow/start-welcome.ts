import type { Client } from '@backstitch/client';
import type { Member } from './member.js';
import { welcome } from './workflows.js';

/** Resolves when the start is committed: from then on the workflow goes on, whatever happens. */
export async function startWelcome(client: Client, member: Member): Promise<void> {
  await client.workflow.start(welcome, {
    workflowId: `welcome-${member.memberId}`,
    taskQueue: 'mail',
    args: [member],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
}
