import { activityInfo, heartbeat, sleep } from '@backstitch/activity';

export interface TrialActivities {
  sendMail(member: string, subject: string): Promise<void>;
  closeAccounts(member: string): Promise<number>;
}

/** The activities, on what they need of the world. */
export function trialActivities(outbox: string[]): TrialActivities {
  return {
    async sendMail(member, subject) {
      outbox.push(`${member}: ${subject}`);
    },
    /** One account after another; goes on where an earlier attempt was. */
    async closeAccounts() {
      const closedBefore = (activityInfo().heartbeatDetails as number | undefined) ?? 0;
      for (let closed = closedBefore; closed < 3; closed += 1) {
        await sleep('1 second');
        heartbeat(closed + 1);
      }
      return 3;
    },
  };
}
