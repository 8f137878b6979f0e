/** Tests, workers and converters as an author writes them for Temporal. */
import { MockActivityEnvironment, TestWorkflowEnvironment, workflowInterceptorModules } from '@temporalio/testing';
import {
  bundleWorkflowCode, DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker, type ActivityExecuteInput, type ActivityInboundCallsInterceptor,
  type ActivityInterceptorsFactory, type ActivityOutboundCallsInterceptor, type InjectedSinks, type LogEntry, type WorkerOptions,
} from '@temporalio/worker';
import { Client, Connection, ScheduleOverlapPolicy, WorkflowNotFoundError, type ScheduleOptions } from '@temporalio/client';
import { Context, log, type Info } from '@temporalio/activity';
import {
  CompositePayloadConverter, defaultPayloadConverter, METADATA_ENCODING_KEY, PayloadConverterError, UndefinedPayloadConverter, ValueError, type DataConverter, type EncodingType,
  type Payload, type PayloadCodec, type PayloadConverterWithEncoding,
} from '@temporalio/common';
import { decode, encode } from '@temporalio/common';
import type { LoggerSinks, Sinks } from '@temporalio/workflow';
import { assertType, type Same } from './assert-type.js';
import * as activities from './activity-code.js';
import { deliver } from './workflow-code.js';

class TextConverter implements PayloadConverterWithEncoding {
  public encodingType = 'json/plain' as EncodingType;

  public toPayload(value: unknown): Payload | undefined {
    if (value === undefined) return undefined;
    if (typeof value === 'bigint') throw new NoText('A number is too long', new ValueError('no bigint'));
    return { metadata: { [METADATA_ENCODING_KEY]: encode('json/plain'), format: encode('text') }, data: encode(JSON.stringify(value)) };
  }

  public fromPayload<T>(content: Payload): T {
    return JSON.parse(decode(content.data ?? new Uint8Array())) as T;
  }
}
class NoText extends PayloadConverterError {
  public override readonly name: string = 'NoText';
}
export const payloadConverter = new CompositePayloadConverter(new UndefinedPayloadConverter(), new TextConverter());

class Reversing implements PayloadCodec {
  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map(({ data }) => ({ metadata: { [METADATA_ENCODING_KEY]: encode('binary/reversed') }, data: data?.slice().reverse() }));
  }
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (payload.metadata && decode(payload.metadata[METADATA_ENCODING_KEY] ?? new Uint8Array()) === 'binary/reversed' ? { ...payload, data: payload.data?.slice().reverse() } : payload));
  }
}
const dataConverter: DataConverter = { payloadCodecs: [new Reversing()], payloadConverterPath: '/somewhere/converter.js' };

class Audit implements ActivityInboundCallsInterceptor {
  readonly info: Info;
  constructor(ctx: Context) {
    this.info = ctx.info;
  }
  async execute(input: ActivityExecuteInput, next: (input: ActivityExecuteInput) => Promise<unknown>): Promise<unknown> {
    const user = input.headers.user === undefined ? undefined : defaultPayloadConverter.fromPayload<string>(input.headers.user);
    log.info('called', { user, type: this.info.activityType });
    return next({ ...input, args: [...input.args] });
  }
}
const tags: ActivityOutboundCallsInterceptor = { getLogAttributes: (attributes, next) => next({ ...attributes, tagged: true }) };
const audited: ActivityInterceptorsFactory = (ctx) => ({ inbound: new Audit(ctx), outbound: tags });

interface AlertSinks extends Sinks {
  alerter: { alert(message: string): void };
}
const sinks: InjectedSinks<AlertSinks> = { alerter: { alert: { fn: (info, message) => console.log(info.workflowId, message), callDuringReplay: false } } };
type OfLogger = keyof LoggerSinks;

/** A suite's set-up and one test. */
export async function suite(): Promise<OfLogger | undefined> {
  Runtime.install({ logger: new DefaultLogger('WARN', (entry: LogEntry) => console.log(entry.level, entry.message)), telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } } });
  const env = await TestWorkflowEnvironment.createTimeSkipping();
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: 'workflows.ts', workflowInterceptorModules: [...workflowInterceptorModules], logger: new DefaultLogger('WARN') });
  const options: WorkerOptions = {
    connection: env.nativeConnection, taskQueue: 'test', workflowBundle, activities, sinks, dataConverter, interceptors: { activity: [audited], workflowModules: ['interceptors.ts'] },
    maxConcurrentActivityTaskExecutions: 10, maxCachedWorkflows: 100, shutdownGraceTime: '1s', stickyQueueScheduleToStartTimeout: '10s', bundlerOptions: { ignoreModules: ['fs'] },
  };
  const worker = await Worker.create(options);
  const result = await worker.runUntil(env.client.workflow.execute(deliver, { workflowId: 'w', taskQueue: 'test', args: [{ parcelId: 'p' }] }));
  assertType<Same<typeof result, { delivered: boolean }>>();
  const answer = await worker.runUntil(async () => 7);
  assertType<Same<typeof answer, number>>();
  assertType<Same<ReturnType<typeof worker.getState>, 'INITIALIZED' | 'RUNNING' | 'STOPPED'>>();
  await env.sleep('1 day');
  const now: number = await env.currentTimeMs();
  const mock = new MockActivityEnvironment({ attempt: 2 });
  mock.on('heartbeat', (details: unknown) => console.log(details, now));
  const weighed = await mock.run(activities.weigh, ...([] as unknown as Parameters<typeof activities.weigh>));
  assertType<Same<typeof weighed, Awaited<ReturnType<typeof activities.weigh>>>>();
  mock.cancel();
  await env.teardown();
  return undefined;
}

/** A worker of its own, from a bundle in a file; a client with schedules. */
export async function program(): Promise<void> {
  const connection = await NativeConnection.connect({ address: 'localhost:7233' });
  const worker = await Worker.create({ connection, namespace: 'default', taskQueue: 'q', workflowBundle: { codePath: 'bundle.js' }, activities });
  await worker.run();
  await connection.close();
  const client = new Client({ connection: await Connection.connect({ address: 'localhost:7233', tls: true, metadata: { 'my-header': 'x' } }), dataConverter, namespace: 'default' });
  const options: ScheduleOptions = {
    scheduleId: 's',
    spec: { intervals: [{ every: '10s' }], calendars: [{ dayOfWeek: 'MONDAY', hour: { start: 8, end: 10 } }] },
    action: { type: 'startWorkflow', workflowType: deliver, args: [{ parcelId: 'p' }], taskQueue: 'q' },
    policies: { catchupWindow: '1 day', overlap: ScheduleOverlapPolicy.ALLOW_ALL },
  };
  const schedule = await client.schedule.create(options);
  await schedule.backfill({ start: new Date(0), end: new Date(1), overlap: ScheduleOverlapPolicy.ALLOW_ALL });
  await schedule.update((previous) => ({ ...previous, spec: { intervals: [{ every: '5s' }] } }));
  for await (const { scheduleId } of client.schedule.list()) assertType<Same<typeof scheduleId, string>>();
  const found = await client.workflow.getHandle('w').describe().catch((error: unknown) => (error instanceof WorkflowNotFoundError ? undefined : Promise.reject(error as Error)));
  assertType<Same<NonNullable<typeof found>['workflowId'], string>>();
}
