import { allHandlersFinished, condition, continueAsNew, defineQuery, defineSignal, setHandler, workflowInfo } from '@backstitch/workflow';

export const deposit = defineSignal<[number]>('deposit');
export const closeAccount = defineSignal('closeAccount');
export const balance = defineQuery<number>('balance');

export interface AccountState {
  balanceMinor: number;
  /** How many deposits one run takes at most. Default: as many as its history bears. */
  depositsPerRun?: number;
}

export async function account({ balanceMinor, depositsPerRun = Infinity }: AccountState): Promise<number> {
  let current = balanceMinor;
  let deposits = 0;
  let isClosed = false;
  setHandler(balance, () => current);
  setHandler(deposit, (amountMinor) => {
    current += amountMinor;
    deposits += 1;
  });
  setHandler(closeAccount, () => {
    isClosed = true;
  });

  const isLong = (): boolean => deposits >= depositsPerRun || workflowInfo().continueAsNewSuggested;
  await condition(() => isClosed || isLong());
  await condition(allHandlersFinished);
  if (isClosed) return current;
  return continueAsNew<typeof account>({ balanceMinor: current, depositsPerRun });
}
