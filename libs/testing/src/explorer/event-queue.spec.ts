import { describe, expect, it } from '@jest/globals';
import { SeededIds } from '../seeded-ids.js';
import { EventQueue, type QueuedEvent } from './event-queue.js';

const nothing = (): void => undefined;

describe('EventQueue', () => {
  it.each([1, 2, 3])('given events at random times (seed %i), of which some are cancelled, when they are taken, then they come in order of time, then of being put in', (seed) => {
    const random = new SeededIds(seed);
    const queue = new EventQueue();
    const added = Array.from({ length: 200 }, () => queue.add(Math.floor(random.random() * 50), nothing));
    const cancelled = added.filter(() => random.random() < 0.3);
    cancelled.forEach((event) => queue.cancel(event));
    const taken: QueuedEvent[] = [];
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      taken.push(next);
    }
    expect(taken).toEqual(added.filter((event) => !cancelled.includes(event)).sort((one, other) => one.atMs - other.atMs || one.order - other.order));
  });
});
