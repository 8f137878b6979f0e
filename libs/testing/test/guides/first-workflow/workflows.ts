import { proxyActivities, sleep } from '@backstitch/workflow';
import type { Member } from './member.js';
import type { WelcomeActivities } from './welcome-activities.js';

const { sendMail } = proxyActivities<WelcomeActivities>({ taskQueue: 'mail', startToCloseTimeout: '30 seconds' });

/** Greets a new member, and comes back three days later. */
export async function welcome({ memberId, address }: Member): Promise<string> {
  await sendMail({ to: address, subject: 'Welcome' });
  await sleep('3 days');
  const mailId = await sendMail({ to: address, subject: 'Your first steps' });
  return `${memberId} has got ${mailId}`;
}
