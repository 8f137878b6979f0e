import { fileURLToPath } from 'node:url';
import { ControlClient, type Client } from '@backstitch/client';
import { DefaultLogger, Runtime, TestWorkflowEnvironment, Worker, type InMemoryWorkflowEnvironment, type TimeSkippingTestWorkflowEnvironmentOptions } from '../src/workflow-harness/index.js';

/** Where the guides' code lies: made from docs/guides by `node tools/ci/write-guides.mjs`. */
export function guideFile(name: string): string {
  return fileURLToPath(new URL(`guides/${name}`, import.meta.url));
}

export interface Guide {
  environment: InMemoryWorkflowEnvironment;
  client: Client;
  control: ControlClient;
  /** Serves another workflow file from now on; its activities are those of the guide. */
  deploy(file: string): Promise<void>;
}

export interface GuideSetting {
  /** Of the guide, below its folder. */
  workflows: string;
  taskQueue: string;
  activities: object;
  /** Forgets runs after each task, as a crash of the process would. Default true. */
  replaysAlways?: boolean;
  engine?: TimeSkippingTestWorkflowEnvironmentOptions['engine'];
}

/** Does some work with a guide's workflows and activities being served, in an environment that skips time. */
export async function inGuide<Result>({ workflows, taskQueue, activities, replaysAlways = true, engine }: GuideSetting, work: (guide: Guide) => Promise<Result>): Promise<Result> {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  const environment = await TestWorkflowEnvironment.createTimeSkipping({ replaysAlways, engine });
  const { client, connection } = environment;
  const control = new ControlClient({ url: 'http://in-memory', token: '' }, connection as never);
  const create = async (file: string): Promise<Worker> => Worker.create({ connection, taskQueue, workflowsPath: guideFile(file), activities });
  const deploy = async (file: string): Promise<void> => void (await create(file));
  try {
    return await (await create(workflows)).runUntil(async () => work({ environment, client, control, deploy }));
  } finally {
    await environment.teardown();
  }
}

/** What a promise rejects with. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** What the control API's list of open incidents would answer: the harness has none. */
export function openIncidentsOf({ store }: InMemoryWorkflowEnvironment): object[] {
  return store.records().flatMap(({ workflowId, runId, workflowType }) =>
    store
      .storedByWorkflowId(workflowId)
      .incidents.filter(({ resolution }) => resolution === undefined)
      .map((incident) => ({ ...incident, workflowId, runId, workflowType })),
  );
}
