import { ScheduleOverlapPolicy, type Client } from '@backstitch/client';
import { importAll, type ImportPlan } from './import.js';

export async function importEveryNight(client: Client, plan: ImportPlan): Promise<void> {
  await client.schedule.create({
    scheduleId: 'nightly-import',
    spec: { calendars: [{ hour: 2, dayOfWeek: { start: 'MONDAY', end: 'FRIDAY' } }], timezone: 'Europe/London', jitter: '10 minutes' },
    action: { type: 'startWorkflow', workflowType: importAll, taskQueue: 'rows', args: [plan] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
  });
}
