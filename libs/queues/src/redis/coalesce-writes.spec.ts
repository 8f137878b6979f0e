import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { coalesceWrites } from './coalesce-writes.js';

/** Remembers what arrives together. */
class Socket extends Writable {
  readonly writes: string[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(String(chunk));
    done();
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => String(chunk)).join('+'));
    done();
  }
}

const connected = () => {
  const redis = Object.assign(new EventEmitter(), { stream: new Socket() });
  coalesceWrites(redis as unknown as Redis);
  redis.emit('connect');
  return redis;
};

describe('coalesceWrites', () => {
  it('given commands of one turn, across its promises, when the turn ends, then they leave in one write, and a later one in its own', async () => {
    const { stream } = connected();
    stream.write('a');
    await Promise.resolve();
    stream.write('b');
    stream.write('c');
    expect(stream.writes).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.writes).toEqual(['a+b+c']);
    stream.write('d');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.writes).toEqual(['a+b+c', 'd']);
  });

  it('given a connection that is made again, when commands are sent, then those of the new one leave together too', async () => {
    const redis = connected();
    redis.stream = new Socket();
    redis.emit('connect');
    redis.stream.write('a');
    redis.stream.write('b');
    await new Promise((resolve) => setImmediate(resolve));
    expect(redis.stream.writes).toEqual(['a+b']);
  });
});
