import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BinaryPayloadConverter, CompositePayloadConverter, JsonPayloadConverter, UndefinedPayloadConverter, ValueConversion } from '@backstitch/protocol/payloads';
import type { JsonValue } from '@backstitch/protocol';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { ActivityHarness } from '../test/activity-harness.js';

const payloadConverter = new CompositePayloadConverter(new UndefinedPayloadConverter(), new BinaryPayloadConverter(), new JsonPayloadConverter());
const conversion = new ValueConversion(payloadConverter);

describe.each(queueBackendsUnderTest())('a service with a payload converter, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  const seen: unknown[] = [];
  beforeAll(async () => {
    const reverse = async (bytes: Uint8Array, times?: number): Promise<Uint8Array> => {
      seen.push([Object.prototype.toString.call(bytes), times]);
      return Uint8Array.from(bytes).reverse();
    };
    harness = await ActivityHarness.start(backend, { payloadConverter, functions: { activities: { reverse } } });
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  it('given bytes and nothing, when the handler runs, then it sees them as they were, and what it answers arrives so; a second delivery repeats it', async () => {
    const job = harness.job({ activityType: 'reverse', input: [conversion.toJson(Uint8Array.from([1, 2, 250])), conversion.toJson(undefined)] });
    const { outcome } = await harness.run(job);
    expect(seen).toEqual([['[object Uint8Array]', undefined]]);
    expect(outcome.status).toBe('completed');
    expect([...(conversion.fromJson((outcome as { result: JsonValue }).result) as Uint8Array)]).toEqual([250, 2, 1]);
    expect(await harness.run({ ...job, dispatch: 2 })).toMatchObject({ repeated: true, outcome });
    seen.length = 0;
  });
});
