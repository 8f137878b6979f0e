import { condition, continueAsNew, defineQuery, defineSignal, defineUpdate, executeChild, proxyActivities, proxyLocalActivities, setHandler } from '@backstitch/workflow';

export interface Reader {
  name: string;
  bornAt: Date;
  likes: RegExp;
}
export interface ReaderActivities {
  greet(reader: Reader): Promise<{ greeting: string; at: Date }>;
  ageOf(reader: Reader): Promise<number>;
}

const { greet } = proxyActivities<ReaderActivities>({ startToCloseTimeout: '1 minute' });
const { ageOf } = proxyLocalActivities<ReaderActivities>({ startToCloseTimeout: '1 minute' });

export const rename = defineSignal<[Reader]>('rename');
export const readerNow = defineQuery<Reader>('readerNow');
export const borrow = defineUpdate<Date, [Date]>('borrow');

/** Values that JSON alone does not carry go every way there is. */
export async function welcome(reader: Reader): Promise<{ greeting: string; years: number; isDate: boolean; child: Date; nothing: undefined }> {
  const { greeting, at } = await greet(reader);
  const child = await executeChild(birthday, { args: [reader] });
  return { greeting, years: await ageOf(reader), isDate: at instanceof Date && reader.likes.test('emma'), child, nothing: undefined };
}

export async function birthday(reader: Reader): Promise<Date> {
  return new Date(reader.bornAt.getTime());
}

/** As {@link birthday}, in a second run. */
export async function birthdayLater(reader: Reader, again = true): Promise<Date> {
  if (again) await continueAsNew<typeof birthdayLater>(reader, false);
  return new Date(reader.bornAt.getTime());
}

/** Takes messages until somebody borrows. */
export async function visit(reader: Reader): Promise<Reader> {
  let now = reader;
  let isDone = false;
  setHandler(rename, (renamed) => void (now = renamed));
  setHandler(readerNow, () => now);
  setHandler(borrow, (at) => {
    isDone = true;
    isDone = true;
    return new Date(at.getTime() + 1);
  });
  await condition(() => isDone);
  return now;
}
