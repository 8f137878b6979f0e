import { describe, expect, it } from '@jest/globals';
import { AleaRandom, seedBytesOfRun, seedBytesOfStream } from './alea-random.js';
import { uuid4From } from './random-source.js';
import { sipHash13 } from './siphash.js';
import { decodeUtf8, encodeUtf8 } from '@backstitch/protocol/payloads';

describe('Temporal’s randomness', () => {
  it('given texts of every length up to three blocks, when they are hashed, then nothing but the text decides, and lengths matter', () => {
    const hashes = Array.from({ length: 25 }, (_, length) => sipHash13(encodeUtf8('x'.repeat(length))).join());
    expect(new Set(hashes).size).toBe(25);
    // SipHash-1-3 with the key 0 of the empty input, as the reference implementation gives it.
    expect(sipHash13(new Uint8Array(0)).map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe('d1fba762150c532c');
  });

  it('given text of one to four bytes a character, when it is encoded and decoded, then it is the same; what is no UTF-8 is replaced', () => {
    const text = 'a é 漢 😀 \u0000';
    expect([...encodeUtf8(text)]).toEqual([...Buffer.from(text)]);
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    expect(decodeUtf8(Uint8Array.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82]))).toBe(Buffer.from([0x61, 0xff, 0xc3, 0x28]).toString() + '\ufffd\ufffd');
    expect([...encodeUtf8('\ud800')]).toEqual([0xef, 0xbf, 0xbd]);
  });

  it('given a run id, when numbers and a UUID are drawn, then they are those that Temporal’s runtime draws', () => {
    const random = new AleaRandom(seedBytesOfRun('0192f0c1-1111-7222-8333-444455556666'));
    expect([random.next(), random.next(), uuid4From(random)]).toEqual([0.9908318023663014, 0.8648893064819276, '18dc60b5-70d0-4953-b460-de28b4dd00af']);
  });

  it('given a name, when a stream is seeded, then it has nothing in common with the run’s own numbers', () => {
    const seed = seedBytesOfRun('run');
    const drawn = [new AleaRandom(seed), new AleaRandom(seedBytesOfStream(seed, 'a')), new AleaRandom(seedBytesOfStream(seed, 'b'))].map((random) => random.next());
    expect(new Set(drawn).size).toBe(3);
  });
});
