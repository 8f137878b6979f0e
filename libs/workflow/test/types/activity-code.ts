/** Activities as an author writes them. */
import { createHash } from 'node:crypto';
import {
  activityInfo, ApplicationFailure, asyncLocalStorage, cancellationDetails, cancellationSignal, cancelled, CancelledFailure, CompleteAsyncError, Context, getClient,
  heartbeat, log, metricMeter, setActivityOptions, sleep,
} from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import { ApplicationFailureCategory, type Duration } from '@temporalio/common';
import { assertType, type Same } from './assert-type.js';

export interface Parcel {
  weightGrams: number;
  address: string;
}

/** Takes two arguments, answers an object. */
export async function weigh(parcelId: string, scale: number): Promise<Parcel> {
  const info = activityInfo();
  assertType<Same<typeof info, Info>>();
  assertType<Same<typeof info.attempt, number>>();
  assertType<Same<typeof info.taskToken, Uint8Array>>();
  const workflowId: string | undefined = info.workflowExecution?.workflowId;
  log.info('weighing', { parcelId, workflowId });
  const details: unknown = info.heartbeatDetails;
  void details;
  heartbeat({ scale });
  heartbeat();
  await sleep('50 ms');
  await sleep(50 satisfies Duration);
  // @ts-expect-error a duration is a number or text
  await sleep({ seconds: 1 });
  const { weightGrams } = { weightGrams: scale };
  return { weightGrams, address: createHash('sha256').update(parcelId).digest('hex') };
}

/** Goes on for long, and gives up when it is told to. */
export async function carry(address: string): Promise<void> {
  try {
    const signal: AbortSignal = cancellationSignal();
    await fetch(address, { signal });
    await Promise.race([cancelled(), Context.current().cancelled]);
    assertType<Same<ReturnType<typeof cancelled>, Promise<never>>>();
    Context.current().heartbeat('half way');
    Context.current().log.warn('slow');
  } catch (error) {
    if (error instanceof CancelledFailure) {
      const reason: unknown = cancellationDetails();
      throw ApplicationFailure.create({ message: error.message, type: 'GaveUp', details: [reason], category: ApplicationFailureCategory.BENIGN, nextRetryDelay: '10s' });
    }
    throw ApplicationFailure.nonRetryable('No such street', 'UnknownAddress', address);
  }
  // @ts-expect-error heartbeat takes one value
  heartbeat(1, 2);
}

/** Ends elsewhere. */
export async function sign(): Promise<string> {
  metricMeter.createCounter('signatures').add(1, { where: 'here' });
  void asyncLocalStorage.getStore();
  void getClient;
  throw new CompleteAsyncError();
}
void setActivityOptions;

/** Activities that share what they are made with. */
export function createPaymentActivities(provider: { charge(cents: number): Promise<string> }) {
  return {
    async charge(cents: number): Promise<string> {
      return provider.charge(cents);
    },
    async refund(chargeId: string, reason?: string): Promise<void> {
      void chargeId;
      void reason;
    },
  };
}
