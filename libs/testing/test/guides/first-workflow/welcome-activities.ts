import { Activities, Activity, activityInfo } from '@backstitch/activity';
import { Mailer } from './mailer.js';
import type { Mail } from './mailer.js';

@Activities({ taskQueue: 'mail' })
export class WelcomeActivities {
  constructor(private readonly mailer: Mailer) {}

  /** Sends a mail and answers its id. The key is the same for each attempt: the provider sends it once. */
  @Activity({ mode: 'external' })
  async sendMail(mail: Mail): Promise<string> {
    return this.mailer.send(mail, activityInfo().key);
  }
}
