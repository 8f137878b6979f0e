/** Workflows as an author writes them. */
import * as wf from '@temporalio/workflow';
import {
  ActivityCancellationType, ActivityFailure, ApplicationFailure, CancellationScope, ChildWorkflowCancellationType, ChildWorkflowFailure, condition, continueAsNew, defineQuery,
  defineSignal, defineUpdate, deprecatePatch, executeChild, getExternalWorkflowHandle, isCancellation, log, makeContinueAsNewFunc, ParentClosePolicy, patched,
  proxyActivities, proxyLocalActivities, proxySinks, scheduleActivity, scheduleLocalActivity, setDefaultQueryHandler, setDefaultSignalHandler, setDefaultUpdateHandler,
  setHandler, setWorkflowOptions, sleep, startChild, TimeoutFailure, Trigger, upsertMemo, upsertSearchAttributes, uuid4, workflowInfo, type ChildWorkflowHandle,
  type ExternalWorkflowHandle, type SearchAttributes, type Sinks, type WorkflowInterceptors,
} from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';
import type * as activities from './activity-code.js';
import { assertType, type Same } from './assert-type.js';

const { weigh, carry } = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 hour',
  scheduleToStartTimeout: 60_000,
  heartbeatTimeout: '3s',
  retry: { initialInterval: '50 ms', maximumAttempts: 3, backoffCoefficient: 1.5, maximumInterval: '1m', nonRetryableErrorTypes: ['UnknownAddress'] },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  taskQueue: 'parcels',
});
const { charge, refund } = proxyActivities<ReturnType<typeof activities.createPaymentActivities>>({ startToCloseTimeout: '10s' });
const { sign } = proxyLocalActivities<typeof activities>({ startToCloseTimeout: '10s', localRetryThreshold: '30s', retry: { maximumAttempts: 2 } });
const untyped = proxyActivities({ startToCloseTimeout: '10m' });
// @ts-expect-error no such option
proxyActivities<typeof activities>({ startToCloseTimeout: '1m', startTimeout: '1m' });
// @ts-expect-error not a duration
proxyActivities<typeof activities>({ startToCloseTimeout: true });

interface AlertSinks extends Sinks {
  alerter: { alert(message: string): void };
}
const { alerter } = proxySinks<AlertSinks>();

export const stop = defineSignal('stop');
export const move = defineSignal<[address: string, by: number]>('move');
export const whereabouts = defineQuery<string>('whereabouts');
export const distanceTo = defineQuery<number | undefined, [string]>('distanceTo');
export const rename = defineUpdate<string, [string]>('rename');
export const finish = defineUpdate('finish');

export interface ParcelInput {
  parcelId: string;
  timeout?: Duration;
}

/** Awaits activities, timers, messages. */
export async function deliver({ parcelId, timeout = '1 day' }: ParcelInput): Promise<{ delivered: boolean }> {
  let address = '';
  let isStopped = false;
  setHandler(stop, () => void (isStopped = true));
  setHandler(move, (to, by) => {
    assertType<Same<typeof to, string>>();
    assertType<Same<typeof by, number>>();
    address = to;
  });
  setHandler(move, undefined);
  setHandler(whereabouts, () => address, { description: 'Where it is' });
  setHandler(distanceTo, (to) => (to === address ? 0 : undefined));
  setHandler(rename, async (name) => `${name}!`, {
    validator: (name) => {
      if (name === '') throw new ApplicationFailure('A name is needed');
    },
    unfinishedPolicy: wf.HandlerUnfinishedPolicy.ABANDON,
    description: 'Gives it a name',
  });
  setHandler(finish, () => undefined);
  // @ts-expect-error the query answers text
  setHandler(whereabouts, () => 1);
  // @ts-expect-error the signal brings text first
  setHandler(move, (to: number) => void to);
  // @ts-expect-error the update answers text
  setHandler(rename, async () => 1);
  setDefaultSignalHandler((name: string, ...args: unknown[]) => log.info(name, { args }));
  setDefaultQueryHandler((name: string, ...args: unknown[]) => ({ name, args }));
  setDefaultUpdateHandler((name: string, ...args: unknown[]) => ({ name, args }));

  const parcel = await weigh(parcelId, 2);
  assertType<Same<typeof parcel, activities.Parcel>>();
  // @ts-expect-error two arguments
  await weigh(parcelId);
  // @ts-expect-error the second is a number
  await weigh(parcelId, 'two');
  const again = await weigh.executeWithOptions({ startToCloseTimeout: '2m' }, [parcelId, 3]);
  assertType<Same<typeof again, activities.Parcel>>();
  const anything = await untyped.whatever?.(1, 'two');
  void anything;
  const signature = await sign();
  assertType<Same<typeof signature, string>>();

  assertType<Same<Awaited<ReturnType<typeof sleep>>, void>>();
  await sleep('30 days');
  const inTime = await condition(() => isStopped, timeout);
  assertType<Same<typeof inTime, boolean>>();
  const nothing = await condition(() => isStopped);
  assertType<Same<typeof nothing, void>>();
  alerter.alert('delivered');
  // @ts-expect-error the sink takes text
  alerter.alert(1);
  await condition(wf.allHandlersFinished);
  return { delivered: inTime };
}

/** Failures tell their kind. */
export async function payFor(cents: number): Promise<string> {
  try {
    const chargeId = await charge(cents);
    assertType<Same<typeof chargeId, string>>();
    return chargeId;
  } catch (error) {
    if (error instanceof ActivityFailure) {
      assertType<Same<typeof error.activityType, string>>();
      if (error.cause instanceof ApplicationFailure && error.cause.nonRetryable) throw ApplicationFailure.nonRetryable(error.cause.message, error.cause.type ?? 'Payment', cents);
      if (error.cause instanceof TimeoutFailure) log.warn('timed out', { timeoutType: error.cause.timeoutType });
    }
    if (error instanceof ChildWorkflowFailure) log.error('child', { workflowId: error.execution.workflowId, workflowType: error.workflowType });
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => refund('charge', 'cancelled'));
    throw ApplicationFailure.create({ message: 'not paid', type: 'Payment', nonRetryable: true, details: [cents], cause: error as Error, nextRetryDelay: '5s' });
  }
}

/** Children and other workflows. */
export async function family(names: string[]): Promise<string[]> {
  const one = await executeChild(payFor, {
    args: [100],
    workflowId: uuid4(),
    taskQueue: 'payments',
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.TRY_CANCEL,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowRunTimeout: '1h',
    retry: { maximumAttempts: 2 },
    memo: { why: 'because' },
    searchAttributes: { CustomerId: ['1'] },
  });
  assertType<Same<typeof one, string>>();
  // @ts-expect-error payFor takes a number
  await executeChild(payFor, { args: ['100'] });
  // @ts-expect-error payFor takes an argument
  await executeChild(payFor, {});
  const child = await startChild(deliver, { args: [{ parcelId: '1' }], parentClosePolicy: 'TERMINATE' });
  assertType<Same<typeof child, ChildWorkflowHandle<typeof deliver>>>();
  assertType<Same<typeof child.firstExecutionRunId, string>>();
  await child.signal(move, 'Main Street', 1);
  await child.signal('stop');
  // @ts-expect-error the signal brings an address and a number
  await child.signal(move, 1);
  const outcome = await child.result();
  assertType<Same<typeof outcome, { delivered: boolean }>>();
  const byName = await startChild<typeof deliver>('deliver', { args: [{ parcelId: '2' }] });
  void byName.workflowId;
  const named: unknown = await executeChild('anyWorkflow', { args: [1, 2] });
  void named;
  const other: ExternalWorkflowHandle = getExternalWorkflowHandle('other', 'run');
  await other.signal(stop);
  await other.cancel();
  void other.runId;
  const plain = await scheduleActivity<string>('greet', ['Ada'], { startToCloseTimeout: '1m' });
  assertType<Same<typeof plain, string>>();
  const local = await scheduleLocalActivity<number>('count', [], { startToCloseTimeout: '1m' });
  assertType<Same<typeof local, number>>();
  return names.map((name) => `${one} ${name}`);
}

/** Runs for ever, in runs of bounded length. */
export async function accumulate(total = 0, seen: string[] = []): Promise<number> {
  const info = workflowInfo();
  assertType<Same<typeof info.workflowId, string>>();
  assertType<Same<typeof info.continueAsNewSuggested, boolean>>();
  assertType<Same<typeof info.historyLength, number>>();
  assertType<Same<typeof info.startTime, Date>>();
  assertType<Same<typeof info.attempt, number>>();
  const parentId: string | undefined = info.parent?.workflowId;
  const attribute = info.searchAttributes.CustomIntField?.[0] as number;
  void [parentId, attribute, info.root?.workflowId, info.unsafe.isReplaying, info.lastResult, info.cronSchedule, info.memo, info.retryPolicy, info.taskQueue, info.namespace];
  if (info.continueAsNewSuggested) await continueAsNew<typeof accumulate>(total, seen);
  // @ts-expect-error the second argument is a list of text
  if (total > 10) await continueAsNew<typeof accumulate>(total, 1);
  const onwards = makeContinueAsNewFunc<typeof accumulate>({ taskQueue: 'other', memo: { total }, workflowRunTimeout: '1h' });
  if (total > 100) await onwards(total, seen);
  return total;
}

/** Scopes, triggers, patches, attributes. */
export async function scopes(): Promise<SearchAttributes> {
  const result = await CancellationScope.cancellable(async () => 1);
  assertType<Same<typeof result, number>>();
  const inTime = await CancellationScope.withTimeout('5s', async () => 'text');
  assertType<Same<typeof inTime, string>>();
  const scope = new CancellationScope({ cancellable: false, parent: CancellationScope.current() });
  const promise = scope.run(() => sleep(1));
  scope.cancel();
  await Promise.race([promise, scope.cancelRequested]);
  void [scope.consideredCancelled, scope.cancellable, scope.timeout];
  const trigger = new Trigger<string>();
  trigger.resolve('now');
  trigger.reject(new Error('no'));
  assertType<Same<Awaited<typeof trigger>, string>>();
  // @ts-expect-error the trigger is of text
  trigger.resolve(1);
  if (patched('2026-01')) await sleep(1);
  deprecatePatch('2025-12');
  upsertSearchAttributes({ CustomDoubleField: [3.14], CustomBoolField: [] });
  upsertMemo({ note: 'text', gone: null });
  wf.setCurrentDetails('## here');
  const details: string = wf.getCurrentDetails();
  const update = wf.currentUpdateInfo();
  void [details, update?.id, update?.name, wf.inWorkflowContext(), wf.rootCause(new Error('x'))];
  wf.metricMeter.createCounter('seen').add(1);
  void wf.workflowRandom;
  return workflowInfo().searchAttributes;
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, scopes);

/** Interceptors. */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        void [input.args, input.headers];
        return next(input);
      },
      async handleSignal(input, next) {
        void [input.signalName, input.args];
        await next(input);
      },
      async handleUpdate(input, next) {
        return next({ ...input, args: [...input.args] });
      },
    },
  ],
  outbound: [
    {
      async scheduleActivity(input, next) {
        return next({ ...input, headers: { ...input.headers } });
      },
      async startTimer(input, next) {
        void input.durationMs;
        return next(input);
      },
      async startChildWorkflowExecution(input, next) {
        return next(input);
      },
      async continueAsNew(input, next) {
        return next(input);
      },
    },
  ],
  internals: [{ concludeActivation: (input, next) => next(input) }],
});
