import { Injectable } from '@nestjs/common';

export interface Mail {
  to: string;
  subject: string;
}

/** Stands for your provider: the same idempotency key sends nothing twice. */
@Injectable()
export class Mailer {
  readonly sent = new Map<string, Mail>();

  async send(mail: Mail, idempotencyKey: string): Promise<string> {
    this.sent.set(idempotencyKey, mail);
    return `mail-${this.sent.size}`;
  }
}
