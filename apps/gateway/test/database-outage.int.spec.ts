import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

/** Stands between the gateway and Postgres, so that a test can break the line or let it fall silent. */
class Line {
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: Server) {}

  static async to(url: URL): Promise<Line> {
    const [port, host] = [Number(url.port), url.hostname];
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (socket) => {
      const upstream = connect(port, host);
      for (const end of [socket, upstream]) {
        line.sockets.add(end);
        end.on('error', () => undefined);
      }
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  fallSilent(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  break(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

describe('a database that is away', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createGatewayDatabase('outage');
  });
  afterAll(async () => {
    await database.drop();
  });

  it.each(['break', 'fallSilent'] as const)('is answered 503 with Retry-After in a few seconds, never with a hung request: %s', async (fault) => {
    const url = new URL(database.url);
    const line = await Line.to(url);
    url.port = String(line.port);
    const gateway = await GatewayUnderTest.start({ ...database, url: url.href });
    line[fault]();
    const startedAt = Date.now();
    const answer = await gateway.send('GET', '/orders', { key: gateway.keys.orders });
    const durationMs = Date.now() - startedAt;
    line.break();
    await gateway.stop();
    expect(answer).toMatchObject({ status: 503, body: { type: 'urn:backstitch:problem:database-unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(durationMs).toBeLessThan(5_000);
  });
});
