import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { DataConverter } from '@backstitch/client';
import type { Payload } from '@backstitch/protocol/payloads';
import { birthdayLater, borrow, readerNow, rename, visit, welcome, type Reader } from '../../test/harness-workflows/reader-workflows.js';
import { workflowsFile } from '../../test/library.js';
import { TestWorkflowEnvironment, Worker, type InMemoryWorkflowEnvironment, type WorkerOptions } from './index.js';

const payloadConverterPath = fileURLToPath(new URL('../../test/converters/dates-and-patterns.ts', import.meta.url));
const reader: Reader = { name: 'Harriet', bornAt: new Date('1790-01-02'), likes: /em+a/ };
const activities = {
  greet: async ({ name, bornAt }: Reader) => ({ greeting: `Hello ${name}`, at: new Date(bornAt.getTime()) }),
  ageOf: async ({ bornAt }: Reader) => 1815 - bornAt.getUTCFullYear(),
};

/** Turns every byte round, and says that it did. */
const mirror = {
  encode: async (payloads: Payload[]): Promise<Payload[]> =>
    payloads.map((payload) => ({ metadata: { encoding: Buffer.from('binary/mirrored') }, data: Uint8Array.from(Buffer.from(JSON.stringify([entriesOf(payload), Buffer.from(payload.data ?? []).toString('base64')]))).reverse() })),
  decode: async (payloads: Payload[]): Promise<Payload[]> =>
    payloads.map(({ data }) => {
      const [metadata, text] = JSON.parse(Buffer.from(Uint8Array.from(data ?? []).reverse()).toString()) as [[string, string][], string];
      return { metadata: Object.fromEntries(metadata.map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: Buffer.from(text, 'base64') };
    }),
};

function entriesOf({ metadata }: Payload): [string, string][] {
  return Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
}

async function inEnvironment<Result>(dataConverter: DataConverter, work: (environment: InMemoryWorkflowEnvironment) => Promise<Result>, options: { replaysAlways?: boolean } & Partial<WorkerOptions> = {}): Promise<Result> {
  const { replaysAlways, ...workerOptions } = options;
  const environment = await TestWorkflowEnvironment.createTimeSkipping({ client: { dataConverter }, replaysAlways });
  const worker = await Worker.create({ taskQueue: 'q', workflowsPath: workflowsFile('reader-workflows'), activities, dataConverter, ...workerOptions });
  try {
    return await worker.runUntil(async () => work(environment));
  } finally {
    await environment.teardown();
  }
}

describe.each([
  ['a converter', { payloadConverterPath }],
  ['a converter and a codec', { payloadConverterPath, payloadCodecs: [mirror] }],
])('%s of the test’s own', (_, dataConverter) => {
  it.each([false, true])('given values that JSON does not carry, when they go through workflows, children and activities (replayed: %s), then they keep their kind', async (replaysAlways) => {
    await inEnvironment(
      dataConverter,
      async ({ client: { workflow } }) => {
        expect(await workflow.execute(welcome, { taskQueue: 'q', workflowId: 'w', args: [reader] })).toEqual({ greeting: 'Hello Harriet', years: 25, isDate: true, child: reader.bornAt, nothing: undefined });
        expect(await workflow.execute(birthdayLater, { taskQueue: 'q', workflowId: 'later', args: [reader] })).toEqual(reader.bornAt);
      },
      { replaysAlways },
    );
  });

  it('given messages, when they bring such values, then handlers see them, and callers see the answers', async () => {
    await inEnvironment(dataConverter, async ({ client: { workflow } }) => {
      const handle = await workflow.start(visit, { taskQueue: 'q', workflowId: 'w', args: [reader] });
      await handle.signal(rename, { ...reader, name: 'Emma' });
      expect(await handle.query(readerNow)).toEqual({ ...reader, name: 'Emma' });
      expect(await handle.executeUpdate(borrow, { args: [reader.bornAt] })).toEqual(new Date(reader.bornAt.getTime() + 1));
      expect(await handle.result()).toEqual({ ...reader, name: 'Emma' });
    });
  });
});

describe('a codec of the test’s own', () => {
  it('given it, when a workflow has run, then its history holds no word of what was sent, and the caller gets the answer', async () => {
    await inEnvironment({ payloadCodecs: [mirror] }, async ({ client: { workflow }, store }) => {
      const plain = { name: 'Harriet', bornAt: 'long ago', likes: 'tea' } as unknown as Reader;
      const handle = await workflow.start(visit, { taskQueue: 'q', workflowId: 'w', args: [plain], memo: { note: 'Harriet' } });
      expect(await handle.query(readerNow)).toEqual(plain);
      expect((await handle.describe()).memo).toEqual({ note: 'Harriet' });
      expect(JSON.stringify(store.storedByWorkflowId('w'))).not.toContain('Harriet');
      await handle.terminate();
    });
  });

  it('given a module that exports no converter, when a worker is made of it, then that is said', async () => {
    await expect(inEnvironment({ payloadConverterPath: fileURLToPath(import.meta.url) }, async () => undefined)).rejects.toThrow();
  });
});
