import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { JobQueues, type QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

describe.each(queueBackendsUnderTest())('the way of a workflow, with queues on %s', (backend) => {
  let database: TestDatabase;
  let workflows: WorkflowBundle;
  let connection: QueueConnection;
  let service: FakeService;
  let replica: Replica;

  beforeAll(async () => {
    database = await makeTestDatabase('way');
    connection = await makeQueueConnection(backend, database, ['shop']);
    workflows = await bundleTestWorkflows();
  });
  afterAll(() => database.drop());

  beforeEach(async () => {
    replica = await startReplica({ dataSource: database.dataSource, queueConnection: connection, workflows });
  });
  afterEach(async () => {
    await replica.stop();
    await service?.stop();
  });

  const serve = (handler: ConstructorParameters<typeof FakeService>[2]): FakeService => (service = new FakeService(connection, 'shop', handler));

  it('given a service, when workflows are started, then each goes through its activity and completes', async () => {
    serve(({ input }) => ({ status: 'completed', result: `Hello ${String(input[0])}` }));
    const results = await replica.start(...Array.from({ length: 20 }, (_, index) => ({ workflowType: 'greeting', args: [index] })));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'started'));
    for (const [index, { workflowId }] of results.entries()) {
      expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: `Hello ${index}` });
    }
  });

  it('given a service that fails twice, when a workflow runs, then its attempts are retried, visible and counted', async () => {
    serve(({ attempt }) => (attempt < 3 ? { status: 'failed', failure: { message: 'try again' } } : { status: 'completed', result: attempt }));
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 3 });
    // Deliveries are at least once.
    expect([...new Set(service.jobs.map(({ attempt }) => attempt))]).toEqual([1, 2, 3]);
    const metrics = await replica.registry.metrics();
    expect(metrics).toContain('backstitch_activity_failures_total{activity_type="greet",task_queue="shop"} 2');
    expect(metrics).toContain('backstitch_activity_retries_total{activity_type="greet",task_queue="shop"} 2');
    expect(metrics).toMatch(/backstitch_workflow_duration_seconds_count\{workflow_type="greeting",status="COMPLETED"\} 1/);
  });

  it('given a timer, when its time has come, then the workflow goes on', async () => {
    const [started] = await replica.start({ workflowType: 'napping', args: [30] });
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'awake' });
  });

  it('given a replica that stopped while timers ran, when another starts after they were due, then it wakes them', async () => {
    const [started] = await replica.start({ workflowType: 'napping', args: [150] });
    await replica.stop();
    replica = await startReplica({ dataSource: database.dataSource, queueConnection: connection, workflows });
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'awake' });
  });

  it('given a replica that stopped while an activity ran, when its outcome comes to the next one, then the workflow is replayed and completes', async () => {
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    serve(async () => {
      await gate;
      return { status: 'completed', result: 'late' };
    });
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    await eventually('the job is taken', () => service.jobs.length > 0);
    await replica.stop();
    finish();
    replica = await startReplica({ dataSource: database.dataSource, queueConnection: connection, workflows });
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'late' });
  });

  it('given a saga whose undo fails for good, when a person retries it with a reason, then the incident closes and the run fails with the cause', async () => {
    let broken = true;
    serve(({ undoOf }) => {
      if (undoOf === undefined || !broken) return { status: 'completed', result: 'done' };
      return { status: 'failed', failure: { message: 'the tape is stuck', applicationFailureInfo: { nonRetryable: true } } };
    });
    const [started] = await replica.start({ workflowType: 'wrapping', args: ['gift'] });
    const { workflowId } = started!;
    await eventually('an incident is open', async () => (await replica.call('GET', `/workflows/${workflowId}`)).body.openIncidents === 1);
    const listed = await replica.call('GET', '/incidents?pageSize=500');
    expect(listed.body.incidents).toContainEqual(expect.objectContaining({ workflowId, kind: 'UNDO_FAILED', incidentNumber: 1, workflowType: 'wrapping' }));
    expect(await replica.registry.metrics()).toMatch(/backstitch_open_incidents\{kind="UNDO_FAILED"\} [1-9]/);
    broken = false;
    expect((await replica.call('POST', `/workflows/${workflowId}/incidents/1/retry`, { reason: 'mended', identity: 'someone' })).status).toBe(204);
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'FAILED', failure: expect.objectContaining({ message: 'no ribbon' }) });
    const again = await replica.call('POST', `/workflows/${workflowId}/incidents/1/retry`, { reason: 'once more' });
    expect([again.status, again.body.error.code]).toEqual([409, expect.stringMatching(/INCIDENT_ALREADY_RESOLVED|WORKFLOW_ALREADY_CLOSED/)]);
  });

  it('given something on the outcomes queue that is no envelope, when it is read, then it fails, is kept, and others go on', async () => {
    const queues = new JobQueues(connection);
    const jobId = `odd-${randomUUID()}`;
    await queues.addBulk('shop.outcomes', [{ name: 'outcomes', data: { kind: 'nonsense' }, jobId }]);
    await eventually('the job has failed', async () => ((await queues.queue('shop.outcomes').getJob(jobId))?.failedReason ?? '').includes('no envelope'));
    await queues.close();
    serve(() => ({ status: 'completed', result: 1 }));
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED' });
  });
});
