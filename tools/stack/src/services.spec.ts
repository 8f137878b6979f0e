import { describe, expect, it } from '@jest/globals';
import { checkInstanceCounts, environmentOf, type Wiring } from './services.mjs';

const wiring: Wiring = {
  directory: '/state',
  host: '0.0.0.0',
  ports: { gateway: 1, orchestrator: 2, 'orchestrator-2': 3, inventory: 4, 'inventory-2': 5, payment: 6, fulfilment: 7, console: 8, 'stripe-simulator': 9 },
  instances: { orchestrator: 2, inventory: 2 },
  databaseUrls: { orchestrator: 'postgres://orchestrator' },
  queuePrefix: 'backstitch',
  controlToken: 'secret',
};

describe('the environment of several instances', () => {
  it('given two orchestrators, then each has its own port and address, and those who call them know both', () => {
    const second = environmentOf({ service: 'orchestrator', number: 2, name: 'orchestrator-2' }, wiring);
    expect(second).toMatchObject({ PORT: '3', CONTROL_ADVERTISE_URL: 'http://127.0.0.1:3', DATABASE_URL: 'postgres://orchestrator' });
    for (const service of ['gateway', 'console'] as const) {
      expect(environmentOf({ service, number: 1, name: service }, wiring)).toMatchObject({ CONTROL_URL: 'http://127.0.0.1:2,http://127.0.0.1:3' });
    }
  });

  it('given two instances of a service, then the console watches both', () => {
    expect(environmentOf({ service: 'console', number: 1, name: 'console' }, wiring)['STACK_HEALTH_URLS']).toBe(
      'gateway=http://127.0.0.1:1,inventory=http://127.0.0.1:4,inventory-2=http://127.0.0.1:5,payment=http://127.0.0.1:6,fulfilment=http://127.0.0.1:7',
    );
  });
});

describe('the number of instances', () => {
  it.each([
    { counts: { console: 2 }, says: /one console only/ },
    { counts: { orchestrator: 0 }, says: /1 to 9 instances/ },
    { counts: { payment: 10 }, says: /1 to 9 instances/ },
    { counts: { postgres: 1 }, says: /no service postgres/ },
  ])('given $counts, then it is refused', ({ counts, says }) => {
    expect(() => checkInstanceCounts(counts)).toThrow(says);
  });
});
