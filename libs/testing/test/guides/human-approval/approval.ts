import { condition, defineQuery, defineUpdate, proxyActivities, setHandler, ApplicationFailure } from '@backstitch/workflow';
import type { ApprovalActivities } from './approval-activities.js';

const { notify } = proxyActivities<ApprovalActivities>({ startToCloseTimeout: '1 minute' });

export interface Decision {
  approved: boolean;
  by: string;
}

export const decide = defineUpdate<string, [Decision]>('decide');
export const waitingFor = defineQuery<string | null>('waitingFor');

/** Asks one after the other, each for two days; if nobody answers, it is refused. */
export async function expenseApproval(approvers: string[]): Promise<Decision> {
  let decision: Decision | undefined;
  let asked: string | null = null;

  setHandler(waitingFor, () => asked);
  setHandler(
    decide,
    (given) => {
      decision = given;
      return given.approved ? 'approved' : 'refused';
    },
    {
      validator: ({ by }) => {
        if (decision !== undefined) throw new ApplicationFailure('It is decided already');
        if (!approvers.includes(by)) throw new ApplicationFailure(`${by} may not decide this`);
      },
    },
  );

  for (const approver of approvers) {
    asked = approver;
    await notify(approver);
    if (await condition(() => decision !== undefined, '2 days')) break;
  }
  asked = null;
  return decision ?? { approved: false, by: 'nobody' };
}
