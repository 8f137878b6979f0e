import { activityInfo, ApplicationFailure, CancelledFailure, CompleteAsyncError, heartbeat, sleep } from '@backstitch/activity';

/** What the activities of the harness' specs did. */
export interface Ledger {
  fetched: string[];
  reminders: number;
  copied: { attempt: number; from: number; cancelled?: true }[];
  bought: string[];
  returned: string[];
  taskTokens: Uint8Array[];
}

export type LibraryActivities = ReturnType<typeof libraryActivities>;

/** Plain functions as activities, and the ledger of what they did. */
export function libraryActivities(ledger: Ledger = newLedger()) {
  return {
    async fetchBook(title: string): Promise<string> {
      ledger.fetched.push(title);
      if (title === 'nothing') {
        throw ApplicationFailure.nonRetryable('There is no such book', 'NoSuchBook', title);
      }
      if (title === 'misplaced' && ledger.fetched.length < 3) {
        throw new Error('not on its shelf');
      }
      return title.toUpperCase();
    },
    async remindReader(): Promise<void> {
      ledger.reminders += 1;
    },
    /** A page takes a second; goes on from the last heartbeat. */
    async copyPages(pages: number): Promise<number> {
      const { attempt, heartbeatDetails } = activityInfo();
      const from = (heartbeatDetails as number | undefined) ?? 0;
      const entry: Ledger['copied'][number] = { attempt, from };
      ledger.copied.push(entry);
      try {
        for (let page = from + 1; page <= pages; page += 1) {
          await sleep(1_000);
          heartbeat(page);
        }
      } catch (error) {
        if (error instanceof CancelledFailure) {
          entry.cancelled = true;
        }
        throw error;
      }
      return pages;
    },
    async buyBook(title: string): Promise<void> {
      ledger.bought.push(title);
    },
    async returnBook(title: string): Promise<void> {
      ledger.returned.push(title);
    },
    async askLibrarian(): Promise<string> {
      ledger.taskTokens.push(activityInfo().taskToken);
      throw new CompleteAsyncError();
    },
    async stamp(title: string): Promise<string> {
      return `${title} (stamped)`;
    },
  };
}

export function newLedger(): Ledger {
  return { fetched: [], reminders: 0, copied: [], bought: [], returned: [], taskTokens: [] };
}
