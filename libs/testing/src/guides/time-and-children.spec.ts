import { CancelledFailure, ScheduleOverlapPolicy, WorkflowFailedError } from '@backstitch/client';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { billed, billingActivities } from '../../test/guides/time-and-children/billing-activities.js';
import { importAll, type ImportPlan } from '../../test/guides/time-and-children/import.js';
import { importEveryNight } from '../../test/guides/time-and-children/nightly.js';
import { quoteActivities, tidied } from '../../test/guides/time-and-children/quote-activities.js';
import { firstQuote } from '../../test/guides/time-and-children/quotes.js';
import { rowActivities, rows } from '../../test/guides/time-and-children/row-activities.js';
import { cancelSubscription, subscription } from '../../test/guides/time-and-children/subscription.js';
import { inGuide, thrownBy, type GuideSetting } from '../../test/in-guide.js';

const SUBSCRIPTION: GuideSetting = { workflows: 'time-and-children/subscription.ts', taskQueue: 'billing', activities: billingActivities };
const QUOTES: GuideSetting = { workflows: 'time-and-children/quotes.ts', taskQueue: 'quotes', activities: quoteActivities };
const IMPORT: GuideSetting = { workflows: 'time-and-children/import.ts', taskQueue: 'rows', activities: rowActivities };

describe('the guide to time and children', () => {
  beforeEach(() => {
    billed.length = 0;
    tidied.length = 0;
    rows.clear();
  });

  it('given a subscription for ten years, when ten years go by, then ten bills were sent', async () => {
    await inGuide(SUBSCRIPTION, async ({ client, environment }) => {
      const begunAtMs = await environment.currentTimeMs();
      expect(await client.workflow.execute(subscription, { workflowId: 's', taskQueue: 'billing', args: [10] })).toBe(10);
      expect(billed).toHaveLength(10);
      expect(((await environment.currentTimeMs()) - begunAtMs) / 86_400_000).toBeGreaterThanOrEqual(3_650);
    });
  });

  it('given a subscription, when it is cancelled in its third year, then no fourth bill is sent', async () => {
    await inGuide(SUBSCRIPTION, async ({ client, environment }) => {
      const handle = await client.workflow.start(subscription, { workflowId: 's', taskQueue: 'billing', args: [10] });
      await environment.sleep('800 days');
      await handle.signal(cancelSubscription);
      expect(await handle.result()).toBe(3);
      expect(billed).toEqual([0, 1, 2]);
    });
  });

  it('given carriers, when one answers, then its quote counts; when none does within a minute, there is none', async () => {
    await inGuide(QUOTES, async ({ client }) => {
      expect(await client.workflow.execute(firstQuote, { workflowId: 'q1', taskQueue: 'quotes', args: [['slow', 'quick']] })).toBe('quick: 12.50');
      expect(tidied).toEqual([]);
      expect(await client.workflow.execute(firstQuote, { workflowId: 'q2', taskQueue: 'quotes', args: [['slow']] })).toBeNull();
      expect(tidied).toEqual([['slow']]);
    });
  });

  it('given carriers that are asked, when the workflow is cancelled, then it tidies up and ends as cancelled', async () => {
    await inGuide(QUOTES, async ({ client, environment }) => {
      const handle = await client.workflow.start(firstQuote, { workflowId: 'q', taskQueue: 'quotes', args: [['slow']] });
      await environment.sleep('10 seconds');
      await handle.cancel();
      const error = await thrownBy(handle.result());
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(tidied).toEqual([['slow']]);
    });
  });

  it('given a plan of parts and rows, when it is carried out, then each row is imported once, within the bounds', async () => {
    const plan: ImportPlan = { parts: 20, rowsPerPart: 20, partsAtOnce: 4, rowsAtOnce: 5 };
    await inGuide({ ...IMPORT, replaysAlways: false }, async ({ client, environment }) => {
      expect(await client.workflow.execute(importAll, { workflowId: 'import', taskQueue: 'rows', args: [plan] })).toBe(400);
      expect(rows.size).toBe(400);
      const events = environment.store.storedByWorkflowId('import').events.map(({ eventType }) => eventType);
      // What the guide says of the size of histories: three to six events for a child.
      expect(events.length / plan.parts).toBeGreaterThanOrEqual(3);
      expect(events.length / plan.parts).toBeLessThanOrEqual(6.5);
      let open = 0;
      let mostOpen = 0;
      for (const eventType of events) {
        if (eventType === 'START_CHILD_WORKFLOW_EXECUTION_INITIATED') open += 1;
        if (eventType === 'CHILD_WORKFLOW_EXECUTION_COMPLETED') open -= 1;
        mostOpen = Math.max(mostOpen, open);
      }
      expect(mostOpen).toBe(plan.partsAtOnce);
    });
  });

  it('given a part of a thousand rows, when it is imported, then its history is far from its end', async () => {
    const plan: ImportPlan = { parts: 1, rowsPerPart: 1_000, partsAtOnce: 1, rowsAtOnce: 50 };
    await inGuide({ ...IMPORT, replaysAlways: false }, async ({ client, environment }) => {
      expect(await client.workflow.execute(importAll, { workflowId: 'import', taskQueue: 'rows', args: [plan] })).toBe(1_000);
      expect(environment.store.storedByWorkflowId('import/0').events.length).toBeLessThan(6 * 1_000 + 100);
    });
  });

  it('given the nightly schedule, when it is made, then it asks for what the guide says', async () => {
    const made: object[] = [];
    const client = { schedule: { create: async (options: object) => void made.push(options) } };
    const plan: ImportPlan = { parts: 1, rowsPerPart: 1, partsAtOnce: 1, rowsAtOnce: 1 };
    await importEveryNight(client as never, plan);
    expect(made).toMatchObject([{ scheduleId: 'nightly-import', policies: { overlap: ScheduleOverlapPolicy.SKIP }, action: { workflowType: importAll, args: [plan] } }]);
  });
});
