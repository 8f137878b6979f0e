import { proxyActivities, sleep } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { buyBook } = proxyActivities<LibraryActivities>({ startToCloseTimeout: '1 minute' });

export async function rotate(): Promise<string> {
  await buyBook('new');
  await sleep('1 day');
  return 'v2';
}
