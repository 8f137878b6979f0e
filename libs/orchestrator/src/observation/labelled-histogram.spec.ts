import { describe, expect, it } from '@jest/globals';
import { Histogram, Registry } from 'prom-client';
import { LabelledHistogram } from './labelled-histogram.js';

const OPTIONS = { name: 'seconds', help: 'A help "text".', labelNames: ['type', 'queue'], buckets: [0.1, 1, 10] };

function both(): { observe: (value: number, type: string, queue: string) => void; scrapes: () => Promise<string[]> } {
  const [ours, theirs] = [new Registry(), new Registry()];
  const histogram = new LabelledHistogram({ ...OPTIONS, registry: ours });
  const reference = new Histogram({ ...OPTIONS, registers: [theirs] });
  return {
    observe: (value, type, queue) => {
      histogram.observe(value, type, queue);
      reference.observe({ type, queue }, value);
    },
    scrapes: () => Promise.all([ours.metrics(), theirs.metrics()]),
  };
}

describe('LabelledHistogram', () => {
  it('given observations under several labels, when it is scraped, then that shows what prom-client shows', async () => {
    const { observe, scrapes } = both();
    for (const [index, value] of [0, 0.1, 0.11, 1, 5, 10, 10.5, 1e9].entries()) {
      observe(value, `type ${index % 3}`, index % 2 === 0 ? 'a' : 'b"\n');
    }
    const [ours, theirs] = await scrapes();
    expect(ours?.split('\n').sort()).toEqual(theirs?.split('\n').sort());
  });

  it('given nothing observed, when it is scraped, then it shows its name and help', async () => {
    const [ours, theirs] = await both().scrapes();
    expect(ours).toBe(theirs);
  });
});
