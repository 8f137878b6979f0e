import { condition, defineQuery, defineSignal, executeChild, proxyActivities, setHandler, workflowInfo } from '@backstitch/workflow';
import type { Duration } from '@backstitch/workflow';
import type { TrialActivities } from './trial-activities.js';

const { sendMail, closeAccounts } = proxyActivities<TrialActivities>({ startToCloseTimeout: '30 seconds', heartbeatTimeout: '10 seconds' });

export const subscribe = defineSignal<[string]>('subscribe');
export const plan = defineQuery<string>('plan');

/** Ends with the plan that was chosen, or with what was closed when time was up. */
export async function trial(member: string, patience: Duration): Promise<string> {
  let chosen = 'none';
  setHandler(subscribe, (name) => void (chosen = name));
  setHandler(plan, () => chosen);
  await sendMail(member, 'Welcome');
  if (await condition(() => chosen !== 'none', patience)) {
    await sendMail(member, `You have chosen ${chosen}`);
    return chosen;
  }
  const closed = await executeChild(closing, { args: [member], workflowId: `${workflowInfo().workflowId}/closing` });
  return `closed ${closed} accounts`;
}

export async function closing(member: string): Promise<number> {
  return closeAccounts(member);
}
