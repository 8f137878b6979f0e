import { ActivityCancellationType, ActivityFailure, CancellationScope, proxyActivities, proxyLocalActivities, scheduleActivity, scheduleLocalActivity } from '@backstitch/workflow';

interface Local {
  look(what: string): Promise<string>;
}

export async function localActivityWorkflow(): Promise<string> {
  const { look } = proxyLocalActivities<Local>({ startToCloseTimeout: '1s', retry: { maximumAttempts: 3 }, summary: 'a look' });
  try {
    return await look('here');
  } catch (error) {
    return (error as ActivityFailure).activityType;
  }
}

/** Begun and cancelled at once. */
export async function cancelledLocalWorkflow(cancellationType: ActivityCancellationType): Promise<string> {
  const { look } = proxyLocalActivities<Local>({ startToCloseTimeout: '1s', cancellationType });
  const scope = new CancellationScope();
  const looking = scope.run(() => look('here'));
  scope.cancel();
  const refused = await looking.catch((reason: unknown) => reason);
  return `${(refused as Error).name} ← ${((refused as Error).cause as Error).name}`;
}

export async function byNameWorkflow(): Promise<unknown[]> {
  const { reserve } = proxyActivities<{ reserve(input: string): Promise<string> }>({ taskQueue: 'shop', startToCloseTimeout: '30s', retry: { maximumAttempts: 5, initialInterval: '2s' } });
  return Promise.all([
    scheduleActivity<string>('charge', ['c'], { taskQueue: 'shop', startToCloseTimeout: '1m', activityId: 'charge-1', summary: 'takes the money', heartbeatTimeout: '5s', scheduleToStartTimeout: '1h', scheduleToCloseTimeout: '2h' }),
    scheduleLocalActivity<string>('look', ['there'], { scheduleToCloseTimeout: '3s' }),
    reserve.executeWithOptions({ retry: { maximumAttempts: 1 } }, ['r']),
  ]);
}
