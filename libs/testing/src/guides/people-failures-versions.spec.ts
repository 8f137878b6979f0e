import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { WorkflowUpdateFailedError } from '@backstitch/client';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pay } from '../../test/guides/failures/pay.js';
import { PaymentActivities } from '../../test/guides/failures/payment-activities.js';
import { releaseHeldRuns } from '../../test/guides/failures/release.js';
import { whyItFailed } from '../../test/guides/failures/why.js';
import { approvalActivities, notified } from '../../test/guides/human-approval/approval-activities.js';
import { decide, expenseApproval, waitingFor } from '../../test/guides/human-approval/approval.js';
import { IdentityProvider, KycActivities } from '../../test/guides/human-approval/kyc-activities.js';
import { openAccount } from '../../test/guides/human-approval/kyc.js';
import { identityChecked } from '../../test/guides/human-approval/webhook.js';
import { acrossVersions } from '../../test/guides/versioning/across-versions.js';
import { did } from '../../test/guides/versioning/renewal-activities.js';
import { guideFile, inGuide, openIncidentsOf, thrownBy, type GuideSetting } from '../../test/in-guide.js';

const APPROVAL: GuideSetting = { workflows: 'human-approval/approval.ts', taskQueue: 'approvals', activities: approvalActivities };

describe('the guide to people and webhooks', () => {
  beforeEach(() => {
    notified.length = 0;
  });

  it('given an approval, when the first does not answer within two days, then the second is asked, and decides', async () => {
    await inGuide(APPROVAL, async ({ client, environment }) => {
      const handle = await client.workflow.start(expenseApproval, { workflowId: 'x', taskQueue: 'approvals', args: [['ann', 'bob']] });
      await environment.sleep('1 day');
      expect(await handle.query(waitingFor)).toBe('ann');
      await environment.sleep('2 days');
      expect(await handle.query(waitingFor)).toBe('bob');
      expect(notified).toEqual(['ann', 'bob']);
      const refused = await thrownBy(handle.executeUpdate(decide, { args: [{ approved: true, by: 'mallory' }] }));
      expect((refused as WorkflowUpdateFailedError).cause?.message).toBe('mallory may not decide this');
      expect(await handle.executeUpdate(decide, { args: [{ approved: true, by: 'bob' }] })).toBe('approved');
      expect(await handle.result()).toEqual({ approved: true, by: 'bob' });
    });
  });

  it('given an approval, when nobody answers, then it is refused', async () => {
    await inGuide(APPROVAL, async ({ client }) => {
      expect(await client.workflow.execute(expenseApproval, { workflowId: 'x', taskQueue: 'approvals', args: [['ann', 'bob']] })).toEqual({ approved: false, by: 'nobody' });
    });
  });

  it('given a check by somebody else, when the webhook comes, then the workflow goes on; when it comes again, it is refused', async () => {
    const provider = new IdentityProvider();
    await inGuide({ workflows: 'human-approval/kyc.ts', taskQueue: 'kyc', activities: new KycActivities(provider) }, async ({ client, environment }) => {
      const handle = await client.workflow.start(openAccount, { workflowId: 'k', taskQueue: 'kyc', args: ['ada'] });
      await environment.sleep('3 days');
      const { taskToken } = provider.requests[0] ?? { taskToken: '' };
      await identityChecked(client, taskToken, 'known');
      expect(await handle.result()).toBe('known');
      expect(await thrownBy(identityChecked(client, taskToken, 'unknown'))).toMatchObject({ code: 'WORKFLOW_ALREADY_CLOSED' });
    });
  });

  it('given a check by somebody else, when no webhook comes for a week, then the workflow is told so', async () => {
    await inGuide({ workflows: 'human-approval/kyc.ts', taskQueue: 'kyc', activities: new KycActivities(new IdentityProvider()) }, async ({ client, environment }) => {
      const handle = await client.workflow.start(openAccount, { workflowId: 'k', taskQueue: 'kyc', args: ['ada'] });
      await environment.sleep('8 days');
      expect(await handle.result()).toBe('no answer within a week');
    });
  });
});

describe('the guide to failures', () => {
  const PAYMENTS = { workflows: 'failures/pay.ts', taskQueue: 'payments' };

  it.each([
    ['fine', undefined, 'charged fine', 1],
    ['flaky', undefined, 'charged flaky', 3],
    ['declined', 'fine', 'charged fine', 2],
  ])('given a card that is %s, alternative %s, when it is charged, then the answer is "%s" after %d attempts', async (card, alternative, answer, attempts) => {
    const activities = new PaymentActivities();
    await inGuide({ ...PAYMENTS, activities }, async ({ client }) => {
      expect(await client.workflow.execute(pay, { workflowId: 'p', taskQueue: 'payments', args: [card, alternative] })).toBe(answer);
      expect(activities.attempts).toBe(attempts);
    });
  });

  it('given a provider that is busy, when it says when to come again, then that is when', async () => {
    await inGuide({ ...PAYMENTS, activities: new PaymentActivities() }, async ({ client, environment }) => {
      const begunAtMs = await environment.currentTimeMs();
      await client.workflow.execute(pay, { workflowId: 'p', taskQueue: 'payments', args: ['busy'] });
      expect((await environment.currentTimeMs()) - begunAtMs).toBeGreaterThanOrEqual(600_000);
    });
  });

  it('given a card that is declined for good, when the workflow has failed, then the chain of causes says why', async () => {
    await inGuide({ ...PAYMENTS, activities: new PaymentActivities() }, async ({ client }) => {
      await client.workflow.start(pay, { workflowId: 'p', taskQueue: 'payments', args: ['declined'] });
      const chain = await whyItFailed(client, 'p');
      expect(chain.map((line) => line.split(':')[0])).toEqual(['WorkflowFailedError', 'ActivityFailure', 'ApplicationFailure']);
      expect(chain.at(-1)).toBe('ApplicationFailure: The card was declined');
    });
  });

  it('given a bug, when the run is held, then mended code and a retry let it go on from where it was', async () => {
    await inGuide({ workflows: 'failures/hold.ts', taskQueue: 'ships', activities: {} }, async ({ client, control, environment, deploy }) => {
      control.listIncidents = async () => ({ incidents: openIncidentsOf(environment) }) as never;
      const handle = await client.workflow.start('shipIt', { workflowId: 's', taskQueue: 'ships', args: [] });
      expect((await handle.describe()).raw).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'WORKFLOW_TASK_FAILED' }] });
      await deploy('failures/hold-mended.ts');
      expect(await releaseHeldRuns(control, 'olga')).toEqual(['s']);
      expect(await handle.result()).toBe('NOWHERE');
    });
  });
});

describe('the guide to changing workflow code', () => {
  const table = readFileSync(new URL('../../../../docs/guides/versioning.md', import.meta.url), 'utf8');
  const rows = [...table.matchAll(/^\| (v1|v2|v3|final) \|(.*)\|$/gm)].map(([, from = '', cells = '']) => [from, cells.split('|').map((cell) => cell.trim())] as const);
  const cases = rows.flatMap(([from, cells]) => ['v1', 'v2', 'v3', 'final'].map((to, index) => ({ from, to, says: cells[index] ?? '' })));

  it('has a table of all versions', () => {
    expect(cases).toHaveLength(16);
  });

  it.each(cases)('given a run begun with $from, when $to goes on with it, then what the guide says holds: $says', async ({ from, to, says }) => {
    did.length = 0;
    const outcome = await acrossVersions(guideFile(`versioning/${from}.ts`), guideFile(`versioning/${to}.ts`));
    if (says.startsWith('**incident**')) expect(outcome).toBe('NONDETERMINISM');
    else {
      expect(outcome).toBe(from === 'v1' ? 'reminded' : 'discounted');
      expect(did).toEqual([from === 'v1' ? 'remind' : 'offerDiscount', 'renew']);
    }
  });
});
