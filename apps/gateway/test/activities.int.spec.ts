import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeActivityCompletions, GENUINE_TOKEN } from './fake-activity-completions.js';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

describe('completing activities over REST', () => {
  const completions = new FakeActivityCompletions();
  let database: TestDatabase;
  let gateway: GatewayUnderTest;

  beforeAll(async () => {
    database = await createGatewayDatabase('gateway_activities');
    gateway = await GatewayUnderTest.start(database, { activityCompletions: completions });
  });
  beforeEach(() => {
    completions.told.length = 0;
    completions.cancelRequested = false;
  });
  afterAll(async () => {
    await gateway?.stop();
    await database?.drop();
  });

  it('given a task token and no API key, when its attempt is completed, failed or given up, then it is told so', async () => {
    const taskToken = GENUINE_TOKEN;
    expect(await gateway.send('POST', '/activities/complete', { body: { taskToken, result: { approved: true } } })).toMatchObject({ status: 204 });
    expect(await gateway.send('POST', '/activities/complete', { body: { taskToken } })).toMatchObject({ status: 204 });
    expect(await gateway.send('POST', '/activities/fail', { body: { taskToken, message: 'lost', type: 'Lost', nonRetryable: true } })).toMatchObject({ status: 204 });
    expect(await gateway.send('POST', '/activities/cancel', { body: { taskToken, details: 'why' } })).toMatchObject({ status: 204 });
    expect(completions.told).toEqual([
      { action: 'complete', result: { approved: true } },
      { action: 'complete', result: null },
      { action: 'fail', failure: { message: 'lost', applicationFailureInfo: { type: 'Lost', nonRetryable: true } } },
      { action: 'cancel', details: 'why' },
    ]);
  });

  it('given a heartbeat, when the activity is to be cancelled, then the answer says so', async () => {
    const beat = () => gateway.send('POST', '/activities/heartbeat', { body: { taskToken: GENUINE_TOKEN, details: { row: 3 } } });
    expect(await beat()).toMatchObject({ status: 200, body: { cancelRequested: false } });
    completions.cancelRequested = true;
    expect(await beat()).toMatchObject({ status: 200, body: { cancelRequested: true } });
  });

  it.each([
    ['a token that nobody made', { taskToken: 'x'.repeat(60) }, 422],
    ['no token', { result: 1 }, 400],
    ['something else beside', { taskToken: GENUINE_TOKEN, reason: 'because' }, 400],
  ])('given %s, when an activity is to be completed, then it is refused', async (_what, body, status) => {
    expect(await gateway.send('POST', '/activities/complete', { body })).toMatchObject({ status });
    expect(completions.told).toEqual([]);
  });
});
