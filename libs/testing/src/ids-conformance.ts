import type { Ids } from '@backstitch/engine';
import type { TestFramework } from './test-framework.js';

const IDS = 2_000;
const UUID_VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What all Ids must do, as tests. `advance` moves the time that they see by a millisecond; of a Clock there is nothing to test beside its units. */
export function idsConformance({ describe, it, expect }: TestFramework, make: () => { ids: Ids; advance(): void }): void {
  describe('as all ids', () => {
    it('given many run ids, when they are made, then each is a UUID of version 7, and none comes twice', async () => {
      const { ids } = make();
      const made = Array.from({ length: IDS }, () => ids.runId());
      expect(made.filter((id) => !UUID_VERSION_7.test(id))).toEqual([]);
      expect(new Set(made).size).toEqual(IDS);
    });

    it('given time that goes by, when run ids are made, then the later one is the greater', async () => {
      const { ids, advance } = make();
      const made = Array.from({ length: 100 }, () => {
        advance();
        return ids.runId();
      });
      expect([...made].sort()).toEqual(made);
    });

    it('given many random numbers, when they are made, then each is at least 0 and below 1, and they differ', async () => {
      const { ids } = make();
      const made = Array.from({ length: IDS }, () => ids.random());
      expect(made.filter((number) => !(number >= 0 && number < 1))).toEqual([]);
      expect(new Set(made).size > IDS / 2).toEqual(true);
    });
  });
}
