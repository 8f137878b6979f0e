import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { newLabel, newParcel, type Label, type Parcel } from '../../test/protobufs/parcels.js';
import { readdress, send } from '../../test/protobufs/parcel-workflows.js';
import { TestWorkflowEnvironment, Worker } from './index.js';

const file = (name: string): string => fileURLToPath(new URL(`../../test/protobufs/${name}.ts`, import.meta.url));
const dataConverter = { payloadConverterPath: file('payload-converter') };
const seen: Parcel[] = [];
const activities = {
  printLabel: async (parcel: Parcel): Promise<Label> => {
    seen.push(parcel);
    return newLabel({ text: `to ${parcel.to}`, code: parcel.stamp });
  },
};

describe('protobuf messages', () => {
  it.each([false, true])('given a converter of them, when they go through a workflow and an activity (replayed: %s), then they arrive as messages, and the history has protobuf’s JSON', async (replaysAlways) => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ client: { dataConverter }, replaysAlways });
    const worker = await Worker.create({ taskQueue: 'q', workflowsPath: file('parcel-workflows'), activities, dataConverter });
    try {
      await worker.runUntil(async () => {
        const parcel = newParcel({ to: 'Ada', grams: 900, stamp: Uint8Array.of(1, 2) });
        const handle = await environment.client.workflow.start(send, { taskQueue: 'q', workflowId: 'w', args: [parcel] });
        await handle.signal(readdress, newParcel({ ...parcel, to: 'Emmy' }));
        const label = await handle.result();
        expect(label).toEqual(newLabel({ text: 'to EMMY, Ada no more', code: Uint8Array.of(1, 2) }));
        expect(label.code.constructor).toBe(Uint8Array);
      });
      expect(seen.at(-1)?.to).toBe('EMMY');
      expect(seen.at(-1)?.stamp).toEqual(Uint8Array.of(1, 2));
      const [{ attributes }] = environment.store.storedByWorkflowId('w')?.events as unknown as [{ attributes: { input: [{ __backstitch_payload: { metadata: Record<string, string>; data: string } }] } }];
      const { metadata, data } = attributes.input[0].__backstitch_payload;
      expect(Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]))).toEqual({ encoding: 'json/protobuf', messageType: 'post.v1.Parcel' });
      expect(JSON.parse(Buffer.from(data, 'base64').toString())).toEqual({ to: 'Ada', grams: '900', stamp: 'AQI=' });
    } finally {
      await environment.teardown();
    }
  });
});
