import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { outcomeLines, runChaos } from '@backstitch/chaos';
import { backends } from './support/platform.js';

const KILLS = 8;
const IN_FLIGHT_MIN = 20;

describe.each(backends())('orders that are under way while processes are killed, with the queues on %s', (backend) => {
  it(`given ${KILLS} kills at random, when the import is over, then every accepted order has ended and the accounts are clean`, async () => {
    const seed = randomInt(2 ** 32);
    console.log(`The kill test's seed is ${seed}: npm run chaos -- --kills ${KILLS} --backend ${backend} --seed ${seed}`);
    const outcome = await runChaos({ seed, kills: KILLS, backend, pauseMaxMs: 300, downMaxMs: 1_000, overlapShare: 0.7, settleTimeoutMs: 240_000 });
    if (!outcome.clean) console.log(outcomeLines(outcome).join('\n'));
    expect(outcome.complaints).toEqual([]);
    expect(outcome.clean).toBe(true);
    expect(outcome.orders).toMatchObject({ failed: 0, running: 0, accepted: outcome.orders.completed + outcome.orders.compensated });
    expect(outcome.orders.completed).toBeGreaterThan(KILLS * IN_FLIGHT_MIN);
    expect(outcome.kills).toHaveLength(KILLS);
    for (const { inFlight } of outcome.kills) expect(inFlight).toBeGreaterThanOrEqual(IN_FLIGHT_MIN);
    expect(outcome.flush === null).toBe(backend === 'postgres');
  }, 480_000);
});
