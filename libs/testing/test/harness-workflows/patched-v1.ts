import { proxyActivities, sleep } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { remindReader, returnBook } = proxyActivities<LibraryActivities>({ startToCloseTimeout: '1 minute' });

export async function rotate(): Promise<string> {
  await remindReader();
  await sleep('1 day');
  await returnBook('old');
  return 'v1';
}
