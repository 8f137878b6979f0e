/** What settles a promise. */
export interface Settler {
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

let settler: Settler | undefined;

const take = (resolve: Settler['resolve'], reject: Settler['reject']): void => {
  (settler as Settler).resolve = resolve;
  (settler as Settler).reject = reject;
};

/** A promise that is settled by what it puts into `holder`. Without a function made for it, as each suspended run has several such promises. */
export function settledBy(holder: Settler): Promise<unknown> {
  settler = holder;
  const promise = new Promise(take);
  settler = undefined;
  return promise;
}
