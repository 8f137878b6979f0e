import { Activities, Activity, activityInfo, CompleteAsyncError } from '@backstitch/activity';

/** Stands for the provider, and for the table where you keep which token belongs to which check. */
export class IdentityProvider {
  readonly requests: { customer: string; taskToken: string }[] = [];

  async begin(customer: string, taskToken: string): Promise<void> {
    this.requests.push({ customer, taskToken });
  }
}

@Activities({ taskQueue: 'kyc' })
export class KycActivities {
  constructor(private readonly provider: IdentityProvider) {}

  /** Asks, and leaves: the worker is free, and the answer comes when it comes. */
  @Activity({ mode: 'external' })
  async checkIdentity(customer: string): Promise<{ verdict: string }> {
    await this.provider.begin(customer, activityInfo().base64TaskToken);
    throw new CompleteAsyncError();
  }
}
