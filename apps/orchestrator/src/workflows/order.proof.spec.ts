import { describe, expect, it } from '@jest/globals';
import { explore, exploreInThreads, external, transaction, type ExploreReport, type SimulatedActivities } from '@backstitch/testing';
import { ORDER, orderOptions } from '../../test/order.exploration.js';
import { platformActivities, type SimulatedPlatform } from '../../test/simulated-platform.js';

/** Any seed must do. Who fails prints the schedule, and how to play it again. */
const SEED = 20_261_121;
const TIMEOUT_MS = 600_000;
const quiet = { seed: SEED, onProgress: () => undefined };

function expectProved(report: ExploreReport, schedules: number): void {
  const { failure, seed, randomSchedules, crashPoints } = report;
  expect(failure?.text).toBeUndefined();
  expect({ seed, randomSchedules }).toEqual({ seed: SEED, randomSchedules: { total: schedules, passed: schedules } });
  expect(crashPoints.passed).toBe(crashPoints.total);
}

describe('the order workflow, proved', () => {
  it('given an order, when everything goes wrong that can, at every point and in 10,000 random schedules, then it is all or nothing', async () => {
    const report = await exploreInThreads(new URL('../../test/order.exploration.ts', import.meta.url), { ...quiet, schedules: 10_000 });
    expectProved(report, 10_000);
    expect(report.crashPoints.total).toBeGreaterThan(500);
  }, TIMEOUT_MS);

  it('given an order that somebody cancels at any moment, when it is explored, then it is all or nothing', async () => {
    const report = await explore('orderWorkflow', { ...orderOptions(ORDER), ...quiet, crashPoints: false, schedules: 300, signals: [{ cancel: true, reason: 'changed my mind' }] });
    expectProved(report, 300);
  }, TIMEOUT_MS);

  it.each([
    ['an address that is not served', { ...ORDER, shippingAddress: { country: 'Nowhere' } }],
    ['more pieces than there are', { ...ORDER, lines: [{ sku: 'A', quantity: 11, unitPriceMinor: 100 }] }],
  ])('given an order with %s, when it is explored, then nothing is left of it', async (_what, order) => {
    expectProved(await explore('orderWorkflow', { ...orderOptions(order), ...quiet, crashPoints: false, schedules: 100 }), 100);
  }, TIMEOUT_MS);

  it.each<[string, SimulatedActivities<SimulatedPlatform>, RegExp]>([
    [
      'an undo that gives back what was never taken',
      { releaseStock: transaction((state) => Object.values(state.stock).forEach((item) => (item.reserved = Math.min(item.reserved, 0) - 1))) },
      /"reserved":-1/,
    ],
    [
      'a payment under a key that its undo does not know',
      {
        chargePayment: external(async (world, { amountMinor }: { amountMinor: number }, context) => {
          world.intents[`${context.key}/${Object.keys(world.intents).length}`] = { amountMinor, status: 'succeeded', confirmations: 1, refunds: {} };
          return { chargeId: 'charge' };
        }),
      },
      /compensated.*"paidMinor":1290/,
    ],
  ])('given services with %s, when the order is explored, then that is found, in few events', async (_what, wrong, message) => {
    const { failure } = await explore('orderWorkflow', { ...orderOptions(ORDER), ...quiet, activities: { ...platformActivities, ...wrong }, throwOnFailure: false });
    expect(failure?.message).toMatch(message);
    expect(failure?.schedule.events.length).toBeLessThanOrEqual(15);
  }, TIMEOUT_MS);
});
