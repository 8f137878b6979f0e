import { proxyActivities, saga } from '@backstitch/workflow';

interface TripActivities {
  takeRoom(guest: string): Promise<void>;
  takeMoney(guest: string): Promise<void>;
  sendVoucher(guest: string): Promise<void>;
  importRows(count: number): Promise<number>;
}
interface TripUndos {
  giveRoomBack(undo: { input: string }): Promise<void>;
  giveMoneyBack(undo: { input: string }): Promise<void>;
}

const { takeRoom, takeMoney, sendVoucher } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '30 seconds', retry: { maximumAttempts: 3 } });
const { giveRoomBack, giveMoneyBack } = proxyActivities<TripUndos>({ taskQueue: 'trips', startToCloseTimeout: '30 seconds' });
const { importRows } = proxyActivities<TripActivities>({ taskQueue: 'trips', startToCloseTimeout: '10 minutes', heartbeatTimeout: '1 minute' });

export async function bookTrip(guest: string): Promise<string> {
  try {
    return await saga(async (steps) => {
      await steps.step(takeRoom, guest, { undo: giveRoomBack });
      await steps.step(takeMoney, guest, { undo: giveMoneyBack });
      await steps.step(sendVoucher, guest, { undo: 'none' });
      return 'booked';
    });
  } catch {
    return 'undone';
  }
}

/** Like a saga written by hand: what is not known to have happened is not undone. */
export async function bookTripWithUndosAfterwards(guest: string): Promise<string> {
  const undos: (() => Promise<void>)[] = [];
  try {
    await takeRoom(guest);
    undos.unshift(() => giveRoomBack({ input: guest }));
    await takeMoney(guest);
    undos.unshift(() => giveMoneyBack({ input: guest }));
    await sendVoucher(guest);
    return 'booked';
  } catch {
    for (const undo of undos) await undo();
    return 'undone';
  }
}

export async function importFile(rows: number): Promise<number> {
  return importRows(rows);
}
