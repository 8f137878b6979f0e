import { beforeEach, describe, expect, it } from '@jest/globals';
import { StartGate } from './start-gate.js';

let nowMs: number;
let random: number;
let gate: StartGate;

beforeEach(() => {
  nowMs = 0;
  random = 0.5;
  gate = new StartGate({ activeMax: 1, waitingMax: 0, nowMs: () => nowMs, random: () => random });
});

describe('StartGate', () => {
  it('given an orchestrator that has just refused, when starts come, then they are refused here for a tenth of a second', () => {
    expect(gate.isClosed).toBe(false);
    gate.close();
    nowMs = 99;
    expect(gate.isClosed).toBe(true);
    nowMs = 100;
    expect(gate.isClosed).toBe(false);
  });

  it('given as many starts as may be under way and wait, when another comes, then it is refused here', async () => {
    let end: () => void = () => undefined;
    const running = gate.limit.run(() => new Promise<void>((resolve) => (end = resolve)), () => new Error());
    expect(gate.isClosed).toBe(true);
    end();
    await running;
    expect(gate.isClosed).toBe(false);
  });

  it('given nine refusals for each start that is taken, when more are refused, then they are asked to come again in about nine seconds, spread by half of it', () => {
    for (let second = 0; second < 2; second += 1) {
      nowMs = second * 1_000;
      for (let request = 0; request < 100; request += 1) {
        if (request % 10 === 0) gate.taken();
        else gate.refused();
      }
    }
    expect([0, 0.5, 0.999].map((value) => ((random = value), gate.refused()))).toEqual([5, 9, 13]);
  });

  it('given nothing that is taken, when starts are refused, then the advice is at most half a minute', () => {
    for (let request = 0; request < 1_000; request += 1) gate.refused();
    nowMs = 1_000;
    expect(gate.refused()).toBe(30);
  });

  it('given a flood that is long over, when a start is refused, then the advice is a second', () => {
    for (let request = 0; request < 1_000; request += 1) gate.refused();
    nowMs = 60_000;
    expect(gate.refused()).toBe(1);
  });
});
