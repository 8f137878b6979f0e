import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort, isPortFree } from '@backstitch/servers';
import { choosePorts } from './choose-ports.mjs';

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function takenPort(host: string): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

describe('the ports of the stack', () => {
  it.each(['127.0.0.1', '0.0.0.0'])('given ports that others listen on at %s, when ports are chosen, then others are taken in their place, and it says which', async (host) => {
    const [postgres, gateway] = [await takenPort(host), await takenPort(host)];
    const said: string[] = [];
    const chosen = await choosePorts({ ports: { postgres, gateway }, anyPort: true }, (message) => said.push(message));
    expect(Object.values(chosen)).not.toContain(postgres);
    expect(Object.values(chosen)).not.toContain(gateway);
    expect(new Set(Object.values(chosen)).size).toBe(8);
    expect(said).toEqual([`Port ${postgres} is taken: postgres listens on ${chosen.postgres}`, `Port ${gateway} is taken: gateway listens on ${chosen.gateway}`]);
  });

  it('given a port that is free, when ports are chosen, then it is kept in silence', async () => {
    const gateway = await freePort();
    const said: string[] = [];
    expect(await choosePorts({ ports: { gateway }, anyPort: true }, (message) => said.push(message))).toMatchObject({ gateway });
    expect(said).toEqual([]);
  });

  it('given the same port for two, when ports are chosen, then one of them gets another', async () => {
    const port = await freePort();
    const chosen = await choosePorts({ ports: { gateway: port, console: port }, anyPort: true }, () => undefined);
    expect(chosen.gateway).toBe(port);
    expect(chosen.console).not.toBe(port);
  });

  it('given several instances of a service, when ports are chosen, then each gets its own, ten apart if they are free', async () => {
    const orchestrator = await freePort();
    const chosen = await choosePorts({ ports: { orchestrator }, anyPort: true, instances: { orchestrator: 3, payment: 2 } }, () => undefined);
    expect(Object.keys(chosen)).toEqual(expect.arrayContaining(['postgres', 'orchestrator', 'orchestrator-2', 'orchestrator-3', 'payment', 'payment-2']));
    expect(new Set(Object.values(chosen)).size).toBe(Object.keys(chosen).length);
    if (await isPortFree(orchestrator + 10)) expect(chosen['orchestrator-2']).toBe(orchestrator + 10);
  });
});
