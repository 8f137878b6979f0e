import { describe, expect, it } from '@jest/globals';
import { BenchArgumentError, readArguments } from './arguments.mjs';

describe('readArguments', () => {
  it('given nothing, then both systems are measured on both backends with 3 rounds of 10,000 orders', () => {
    expect(readArguments([])).toEqual({
      backends: ['redis', 'postgres'],
      systems: ['backstitch', 'bullmq'],
      stepModes: undefined,
      orders: 10_000,
      rounds: 3,
      warmUpOrders: undefined,
      latencyOrders: 400,
      concurrency: 50,
      outstandingMax: 2_000,
      jsonFile: undefined,
      profileDirectory: undefined,
    });
  });

  it('given every option, then each is taken', () => {
    const args = ['--backend=postgres', '--system=backstitch', '--step-mode=statement-alone', '--orders=40', '--rounds=1', '--warm-up=0', '--latency-orders=0', '--concurrency=10', '--outstanding=100', '--json=a.json', '--profile=b'];
    expect(readArguments(args)).toEqual({
      backends: ['postgres'],
      systems: ['backstitch'],
      stepModes: ['statement-alone'],
      orders: 40,
      rounds: 1,
      warmUpOrders: 0,
      latencyOrders: 0,
      concurrency: 10,
      outstandingMax: 100,
      jsonFile: 'a.json',
      profileDirectory: 'b',
    });
  });

  it('given --help among others, then help is what is wanted', () => {
    expect(readArguments(['--orders', '20', '--help'])).toBe('help');
  });

  it.each([
    ['an unknown option', ['--order', '10'], /order/],
    ['a word beside the options', ['redis'], /redis/],
    ['an unknown backend', ['--backend', 'kafka'], /--backend must be one of redis, postgres/],
    ['an unknown system', ['--system', 'both'], /--system must be one of/],
    ['an unknown mode', ['--step-mode', 'both'], /--step-mode must be one of/],
    ['no number', ['--orders', 'many'], /--orders must be a whole number from 10 to 1000000/],
    ['a fraction', ['--rounds', '1.5'], /--rounds/],
    ['a number too small', ['--rounds', '0'], /--rounds must be a whole number from 1/],
    ['a number too large', ['--concurrency', '101'], /--concurrency/],
    ['an option without its value', ['--json'], /json/],
    ['an empty path', ['--json', ''], /--json needs a path/],
  ])('given %s, then it is refused and named', (_what, args, message) => {
    expect(() => readArguments(args)).toThrow(BenchArgumentError);
    expect(() => readArguments(args)).toThrow(message);
  });
});
