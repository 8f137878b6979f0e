/** Programs that start and talk to workflows, as an author writes them. */
import {
  Client, Connection, WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError, WorkflowUpdateStage,
  CancelledFailure, ScheduleOverlapPolicy, type Backfill, type Workflow, type WorkflowHandle, type ScheduleHandle, type WorkflowExecutionInfo,
} from '@temporalio/client';
import { assertType, type Same } from './assert-type.js';
import { accumulate, deliver, distanceTo, finish, move, payFor, rename, stop, whereabouts } from './workflow-code.js';

export async function start(): Promise<void> {
  const connection = await Connection.connect({ address: 'localhost:7233' });
  const client = new Client({ connection, namespace: 'default', identity: 'me' });

  const handle = await client.workflow.start(deliver, {
    taskQueue: 'parcels',
    workflowId: 'parcel-1',
    args: [{ parcelId: '1' }],
    workflowExecutionTimeout: '1 day',
    workflowRunTimeout: 1_000,
    workflowTaskTimeout: '10s',
    retry: { maximumAttempts: 3 },
    memo: { why: 'because' },
    searchAttributes: { CustomerId: ['1'] },
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    startDelay: '1m',
    cronSchedule: '* * * * *',
  });
  assertType<Same<typeof handle.workflowId, string>>();
  assertType<Same<typeof handle.firstExecutionRunId, string>>();
  const result = await handle.result();
  assertType<Same<typeof result, { delivered: boolean }>>();
  // @ts-expect-error the argument is an object
  await client.workflow.start(deliver, { taskQueue: 'parcels', workflowId: 'parcel-1', args: ['1'] });
  // @ts-expect-error an argument is needed
  await client.workflow.start(deliver, { taskQueue: 'parcels', workflowId: 'parcel-1' });
  // @ts-expect-error a task queue is needed
  await client.workflow.start(deliver, { workflowId: 'parcel-1', args: [{ parcelId: '1' }] });
  await client.workflow.start(accumulate, { taskQueue: 'parcels', workflowId: 'sum' });
  await client.workflow.start('anyWorkflow', { taskQueue: 'parcels', workflowId: 'any', args: [1, 'two'] });
  const text = await client.workflow.execute(payFor, { taskQueue: 'payments', workflowId: 'pay', args: [100] });
  assertType<Same<typeof text, string>>();

  await handle.signal(stop);
  await handle.signal(move, 'Main Street', 1);
  await handle.signal('anything', 1, 2);
  // @ts-expect-error the signal brings an address and a number
  await handle.signal(move, 'Main Street');
  const where = await handle.query(whereabouts);
  assertType<Same<typeof where, string>>();
  const distance = await handle.query(distanceTo, 'Main Street');
  assertType<Same<typeof distance, number | undefined>>();
  // @ts-expect-error the query takes text
  await handle.query(distanceTo, 1);
  const named = await handle.executeUpdate(rename, { args: ['Ada'] });
  assertType<Same<typeof named, string>>();
  await handle.executeUpdate(finish);
  // @ts-expect-error the update takes an argument
  await handle.executeUpdate(rename);
  // @ts-expect-error the update takes text
  await handle.executeUpdate(rename, { args: [1] });
  const started = await handle.startUpdate(rename, { args: ['Ada'], waitForStage: WorkflowUpdateStage.ACCEPTED, updateId: 'u' });
  assertType<Same<Awaited<ReturnType<typeof started.result>>, string>>();
  await handle.cancel();
  await handle.terminate('why');
  await handle.terminate();
  const description = await handle.describe();
  void [description.status.name, description.type, description.startTime.getTime(), description.closeTime?.getTime(), description.memo, description.searchAttributes, description.historyLength];
  const history = await handle.fetchHistory();
  void history.events;

  const again = client.workflow.getHandle<typeof deliver>('parcel-1', 'run', { firstExecutionRunId: 'first', followRuns: true });
  assertType<Same<Awaited<ReturnType<typeof again.result>>, { delivered: boolean }>>();
  const unknownType: WorkflowHandle<Workflow> = client.workflow.getHandle('parcel-2');
  void unknownType.result();
  void client.workflow.result('parcel-2');

  const signalled = await client.workflow.signalWithStart(deliver, { taskQueue: 'parcels', workflowId: 'p', args: [{ parcelId: '1' }], signal: move, signalArgs: ['x', 1] });
  assertType<Same<typeof signalled.signaledRunId, string>>();
  // @ts-expect-error the signal's arguments are text and a number
  await client.workflow.signalWithStart(deliver, { taskQueue: 'parcels', workflowId: 'p', args: [{ parcelId: '1' }], signal: move, signalArgs: [1] });
  const startWorkflowOperation = new WithStartWorkflowOperation(deliver, { taskQueue: 'parcels', workflowId: 'p', args: [{ parcelId: '1' }], workflowIdConflictPolicy: 'FAIL' });
  const early = await client.workflow.executeUpdateWithStart(rename, { startWorkflowOperation, args: ['Ada'] });
  assertType<Same<typeof early, string>>();
  const fromOperation = await startWorkflowOperation.workflowHandle();
  assertType<Same<Awaited<ReturnType<typeof fromOperation.result>>, { delivered: boolean }>>();

  for await (const info of client.workflow.list({ query: "WorkflowType = 'deliver'" })) {
    assertType<Same<typeof info, WorkflowExecutionInfo>>();
    void [info.workflowId, info.runId, info.status.name];
  }
  const { count } = await client.workflow.count("ExecutionStatus = 'Running'");
  assertType<Same<typeof count, number>>();

  await client.activity.complete(new Uint8Array(1), { done: true });
  await client.activity.complete({ workflowId: 'w', activityId: '1' }, 'done');
  await client.activity.fail(new Uint8Array(1), new Error('no'));
  await client.activity.heartbeat(new Uint8Array(1), 50);
  await client.activity.reportCancellation(new Uint8Array(1));
  await connection.close();
}

export async function failures(handle: WorkflowHandle<typeof payFor>): Promise<void> {
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure) return;
    if (error instanceof WorkflowUpdateFailedError) void error.cause;
    if (error instanceof WorkflowNotFoundError) void error.workflowId;
    if (error instanceof WorkflowExecutionAlreadyStartedError) void [error.workflowId, error.workflowType];
    throw error;
  }
}

export async function schedules(client: Client): Promise<void> {
  const schedule: ScheduleHandle = await client.schedule.create({
    scheduleId: 'nightly',
    spec: { intervals: [{ every: '10s', offset: '1s' }], cronExpressions: ['0 0 * * *'], calendars: [{ hour: [{ start: 1, end: 3 }], dayOfWeek: 'MONDAY' }], jitter: '1m' },
    action: { type: 'startWorkflow', workflowType: deliver, args: [{ parcelId: '1' }], taskQueue: 'parcels', workflowId: 'nightly' },
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '1 day', pauseOnFailure: true },
    state: { paused: false, note: 'note', remainingActions: 5, triggerImmediately: true },
    memo: { a: 1 },
  });
  const backfill: Backfill = { start: new Date(0), end: new Date(1), overlap: 'SKIP' };
  await schedule.backfill(backfill);
  await schedule.trigger();
  await schedule.pause('why');
  await schedule.unpause();
  await schedule.update((previous) => ({ ...previous, state: { ...previous.state, note: 'other' } }));
  const description = await schedule.describe();
  void [description.spec, description.info.nextActionTimes, description.state.paused];
  for await (const summary of client.schedule.list()) void summary.scheduleId;
  await client.schedule.getHandle('nightly').delete();
}
