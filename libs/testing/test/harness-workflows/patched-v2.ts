import { patched, proxyActivities, sleep } from '@backstitch/workflow';
import type { LibraryActivities } from '../library-activities.js';

const { buyBook, remindReader, returnBook } = proxyActivities<LibraryActivities>({ startToCloseTimeout: '1 minute' });

export async function rotate(): Promise<string> {
  if (patched('keep-the-new')) {
    await buyBook('new');
    await sleep('1 day');
    return 'v2';
  }
  await remindReader();
  await sleep('1 day');
  await returnBook('old');
  return 'v1';
}
