import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type pg from 'pg';
import { AUDITOR_POOL } from '../src/reports/reconciliation.service.js';
import { createGatewayDatabase, GatewayUnderTest, type Answer, type TestDatabase } from './gateway-under-test.js';

/** Stands between the gateway and Postgres, so that a test can break the line or let it fall silent. */
class Line {
  private readonly sockets = new Set<Socket>();
  private isSilent = false;
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
      if (!line.isSilent) socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  fallSilent(): void {
    this.isSilent = true;
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

  it.each(['break', 'fallSilent'] as const)('is answered 503 with Retry-After and never with a hung request: %s', async (fault) => {
    const url = new URL(database.url);
    const line = await Line.to(url);
    url.port = String(line.port);
    const gateway = await GatewayUnderTest.start({ ...database, url: url.href });
    // The operator's key is known, and connections for reports and for locks are open: what fails is the work itself.
    const { operator, orders } = gateway.keys;
    await gateway.upload('no header');
    await gateway.app.get<pg.Pool>(AUDITOR_POOL).query('SELECT 1');
    line[fault]();
    const timed = async (send: () => Promise<Answer>) => {
      const startedAt = Date.now();
      const { status, body, headers } = await send();
      return { status, type: body.type, retryAfter: headers.get('retry-after'), isInTime: Date.now() - startedAt < 30_000 };
    };
    const answers = await Promise.all([
      timed(() => gateway.send('GET', '/orders', { key: orders })),
      timed(() => gateway.send('GET', '/imports', { key: operator })),
      timed(() => gateway.upload('InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n')),
      timed(() => gateway.send('GET', '/reports/reconciliation', { key: operator })),
    ]);
    line.break();
    await gateway.stop();
    expect(answers).toEqual(answers.map(() => ({ status: 503, type: 'urn:backstitch:problem:database-unavailable', retryAfter: '2', isInTime: true })));
  });
});
