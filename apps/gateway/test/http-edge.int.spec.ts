import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

const problem = (name: string) => `urn:backstitch:problem:${name}`;

describe('the edge of HTTP', () => {
  let database: TestDatabase;
  let gateway: GatewayUnderTest;

  /** Sends bytes as they are and reads all that comes back. */
  const sendRaw = async (request: string): Promise<{ status: number; contentType: string; body: { type?: string } }> => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write(request);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2);
    return { status: Number(head.split(' ')[1]), contentType: /content-type: ([^\r\n]*)/i.exec(head)?.[1] ?? '', body: JSON.parse(body) as { type?: string } };
  };
  const head = (line: string, ...headers: string[]) => [line, 'Host: gateway', 'Connection: close', `Authorization: Bearer ${gateway.keys.orders}`, ...headers, '', ''].join('\r\n');

  beforeAll(async () => {
    database = await createGatewayDatabase('edge');
    gateway = await GatewayUnderTest.start(database);
  });
  afterAll(async () => {
    await gateway.stop();
    await database.drop();
  });

  it.each<[string, () => string, number, string]>([
    ['headers that are too large', () => head('GET /orders HTTP/1.1', `X-Large: ${'x'.repeat(40_000)}`), 431, 'headers-too-large'],
    ['bytes that are no HTTP', () => 'HELLO\r\n\r\n', 400, 'malformed-request'],
    ['a path that cannot be decoded', () => head('GET /orders/%zz HTTP/1.1'), 400, 'malformed-request'],
    ['a path that is far too long', () => head(`GET /orders/${'x'.repeat(400)} HTTP/1.1`), 404, 'order-not-found'],
    ['an id longer than any', () => head(`GET /orders/${'x'.repeat(4_000)} HTTP/1.1`), 404, 'route-not-found'],
    ['an id that cannot be one', () => head('GET /returns/%C3%A4 HTTP/1.1'), 404, 'return-not-found'],
    [
      'a chunked body that grows too large',
      () => `${head('POST /orders HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${`10000\r\n${' '.repeat(0x10000)}\r\n`.repeat(17)}0\r\n\r\n`,
      413,
      'body-too-large',
    ],
    ['a body without a media type', () => `${head('POST /orders HTTP/1.1', 'Content-Length: 2')}{}`, 415, 'unsupported-media-type'],
    ['a body that is encoded', () => `${head('POST /orders HTTP/1.1', 'Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 2')}{}`, 415, 'unsupported-media-type'],
    ['a probe that does not exist', () => head('GET /health/nothing HTTP/1.1'), 404, 'route-not-found'],
  ])('answers %s with problem details', async (_what, request, status, name) => {
    const answer = await sendRaw(request());
    expect(answer).toMatchObject({ status, body: { type: problem(name), status } });
    expect(answer.contentType).toContain('application/problem+json');
  });

  it.each([
    ['POST /orders', '/orders', '/lines'],
    ['an incident', '/workflows/x/incidents/1/skip', '/value'],
  ])('answers a body that is nested without end with 400: %s', async (_what, path, pointer) => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const body = `{"reason":"x","${pointer.slice(1)}":${deep}}`;
    const answer = await gateway.send('POST', path, { key: gateway.keys.operator, body, headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 400, body: { type: problem('invalid-request'), violations: [{ in: 'body', detail: 'is nested more than 50 deep' }] } });
    expect(answer.body.violations[0].pointer.startsWith(pointer)).toBe(true);
  });

  it('refuses a cursor that it did not give out', async () => {
    const upload = await gateway.upload('InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n');
    const answer = await gateway.send('GET', `/imports/${upload.body.importId}/rejections?cursor=nonsense`, { key: gateway.keys.viewer });
    expect(answer).toMatchObject({ status: 400, body: { type: problem('invalid-request'), violations: [{ in: 'query', pointer: '/cursor' }] } });
  });

  it('does not let a key in once it is revoked', async () => {
    const { revokeApiKey } = await import('../src/security/revoke-key.js');
    const { createApiKey } = await import('../src/security/create-key.js');
    const key = await createApiKey(gateway.dataSource, 'viewer', 'leaver');
    const id = key.split('_')[1] as string;
    expect(await revokeApiKey(gateway.dataSource, id)).toBe('revoked');
    expect(await gateway.send('GET', '/orders', { key })).toMatchObject({ status: 401 });
    expect(await revokeApiKey(gateway.dataSource, id)).toBe('already-revoked');
    expect(await revokeApiKey(gateway.dataSource, '0000000000000000')).toBe('unknown');
    // Stored again, as each start of the stack does with the keys it keeps, it stays revoked.
    await createApiKey(gateway.dataSource, 'viewer', 'leaver', key);
    expect(await gateway.send('GET', '/orders', { key })).toMatchObject({ status: 401 });
  });

  it('refuses to store a key whose id belongs to another one', async () => {
    const { createApiKey } = await import('../src/security/create-key.js');
    const other = `${gateway.keys.viewer.slice(0, -6)}AAAAAA`;
    await expect(createApiKey(gateway.dataSource, 'operator', 'thief', other)).rejects.toThrow('another key');
  });

  describe('the OpenAPI document', () => {
    const NO_KEY = /^\/health\//;
    /** The task token in the body takes the key's place. */
    const BY_TOKEN = /^\/activities\//;

    it('has every route of the application, with the key that it needs, a described success and the problems that any may have', async () => {
      const { body } = await gateway.send('GET', '/docs-json');
      const documented = new Map<string, Record<string, unknown>>();
      for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Record<string, unknown>>>)) {
        for (const [method, operation] of Object.entries(methods)) documented.set(`${method.toUpperCase()} ${path}`, operation);
      }
      const routes = gateway.routes.filter((route) => !/^(HEAD|OPTIONS) |^\S+ \/(docs|\*|$)/.test(route));
      expect([...documented.keys()].sort()).toEqual(routes.map((route) => route.replace(/:(\w+)/g, '{$1}')).sort());
      expect(body.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } });
      for (const [route, operation] of documented) {
        const path = route.split(' ')[1] as string;
        const responses = operation['responses'] as Record<string, { content?: Record<string, { schema?: object }> }>;
        const success = Object.entries(responses).find(([status]) => status.startsWith('2'));
        if (NO_KEY.test(path)) {
          expect({ route, security: operation['security'] ?? [] }).toEqual({ route, security: [] });
          continue;
        }
        expect({ route, security: operation['security'] }).toEqual({ route, security: BY_TOKEN.test(path) ? undefined : [{ bearer: [] }] });
        expect({ route, problems: ['401', '403', '429', '500', '503'].filter((status) => responses[status] === undefined) }).toEqual({ route, problems: [] });
        if (success?.[0] !== '204') expect({ route, described: Object.keys(success?.[1].content ?? {}) }).toEqual({ route, described: [expect.any(String)] });
        if (route.startsWith('POST')) expect({ route, body: Object.keys((operation['requestBody'] as { content?: object } | undefined)?.content ?? {}) }).toEqual({ route, body: [expect.stringMatching(/json|csv/)] });
      }
    });

    it('describes answers as they are', async () => {
      const { body } = await gateway.send('GET', '/docs-json');
      const schemaOf = (path: string) => body.paths[path].get.responses['200'].content['application/json'].schema as { properties: object; required: string[] };
      const order = (await gateway.send('POST', '/orders', { key: gateway.keys.orders, body: { currency: 'GBP', lines: [{ sku: 'A', quantity: 1, unitPriceMinor: 100 }], paymentToken: 'tok_visa', shippingAddress: { country: 'France' } } })).body;
      const given = (await gateway.send('POST', `/orders/${order.orderId}/return`, { key: gateway.keys.orders })).body;
      const upload = (await gateway.upload('InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n')).body;
      for (const [path, url] of [
        ['/orders', '/orders'],
        ['/orders/{orderId}', `/orders/${order.orderId}`],
        ['/returns/{returnId}', `/returns/${given.returnId}`],
        ['/imports', '/imports'],
        ['/imports/{importId}', `/imports/${upload.importId}`],
        ['/imports/{importId}/outcome', `/imports/${upload.importId}/outcome`],
        ['/imports/{importId}/rejections', `/imports/${upload.importId}/rejections`],
        ['/workflows/{workflowId}/history', `/workflows/order-${order.orderId}/history`],
      ] as const) {
        const answer = await gateway.send('GET', url, { key: gateway.keys.operator });
        const members = Object.keys(answer.body);
        const { properties, required } = schemaOf(path);
        expect({ path, unknown: members.filter((member) => !(member in properties)), missing: required.filter((member) => !members.includes(member)) }).toEqual({ path, unknown: [], missing: [] });
      }
    });
  });
});
