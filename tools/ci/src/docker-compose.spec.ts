import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface ConfigurationSchema {
  shape: Record<string, { safeParse(value: unknown): { success: boolean } }>;
  safeParse(value: unknown): { success: boolean; error?: unknown };
}
interface ComposeService {
  image?: string;
  build?: string;
  container_name?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  volumes?: string[];
  ports?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const WORKSPACE = join(import.meta.dirname, '../../..');
const APPS = ['gateway', 'orchestrator', 'inventory', 'payment', 'fulfilment', 'console'] as const;
const compose = parse(readFileSync(join(WORKSPACE, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const dotenvExample = readFileSync(join(WORKSPACE, '.env.example'), 'utf8');

/** What Compose makes of `${NAME:?…}`, `${NAME:-default}`, `${NAME-default}`, with a stand-in for what .env must hold. */
function interpolate(value: string | number): string {
  return String(value).replace(/\$\{(\w+)(?:(:?[-?])([^}]*))?\}/g, (_all, name: string, operator: string | undefined, rest: string | undefined) => {
    if (operator?.endsWith('-') === true) return rest ?? '';
    return name.endsWith('SHA256') ? 'a'.repeat(64) : 'secret'.repeat(8);
  });
}

async function schemaOf(app: string): Promise<ConfigurationSchema> {
  const path = join(WORKSPACE, 'apps', app, 'src/configuration.ts');
  const { configurationSchema } = (await import(path)) as { configurationSchema: ConfigurationSchema };
  return configurationSchema;
}

function serviceOf(name: string): ComposeService {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

describe('docker-compose.yml', () => {
  it.each(APPS)('sets nothing for %s that its configuration does not read', async (app) => {
    const known = Object.keys((await schemaOf(app)).shape);
    expect(Object.keys(serviceOf(app).environment ?? {}).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it.each(APPS)('sets what the configuration of %s requires, with values that it accepts', async (app) => {
    const schema = await schemaOf(app);
    const environment = serviceOf(app).environment ?? {};
    const required = Object.entries(schema.shape).filter(([, variable]) => !variable.safeParse(undefined).success);
    expect(required.map(([name]) => name).filter((name) => environment[name] === undefined)).toEqual([]);

    const values = Object.fromEntries(
      Object.entries(environment)
        .map(([name, value]) => [name, interpolate(value)])
        .filter(([, value]) => value !== ''),
    );
    expect(schema.safeParse(values)).toMatchObject({ success: true });
  });

  it('keeps Redis’ jobs: append-only file on, nothing evicted, on a volume', () => {
    const { command = [], volumes = [], image } = serviceOf('redis');
    expect(image).toMatch(/^redis:[7-9]/);
    expect(command.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction');
    expect(volumes).toEqual(['redis:/data']);
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(['redis', 'postgres']));
  });

  it('runs Postgres 17 or later on a volume', () => {
    const { image = '', volumes = [] } = serviceOf('postgres');
    expect(Number(image.split(':')[1])).toBeGreaterThanOrEqual(17);
    expect(volumes).toHaveLength(1);
  });

  it('checks the health of everything that stays up', () => {
    const unchecked = Object.entries(compose.services).filter(([name, service]) => name !== 'database' && service.healthcheck === undefined);
    expect(unchecked.map(([name]) => name)).toEqual([]);
  });

  it('waits for a condition that the other side can fulfil', () => {
    for (const { depends_on = {} } of Object.values(compose.services)) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe(name === 'database' ? 'service_completed_successfully' : 'service_healthy');
      }
    }
  });

  it('starts in an order without circles, the database’s bootstrap before every app', () => {
    const before = (name: string, path: string[] = []): Set<string> => {
      if (path.includes(name)) throw new Error(`a circle: ${[...path, name].join(' → ')}`);
      const direct = Object.keys(serviceOf(name).depends_on ?? {});
      return new Set(direct.flatMap((other) => [other, ...before(other, [...path, name])]));
    };
    for (const name of Object.keys(compose.services)) expect(() => before(name)).not.toThrow();
    for (const app of APPS) expect([...before(app)]).toEqual(expect.arrayContaining(['database', 'postgres']));
  });

  it('publishes on loopback only', () => {
    for (const { ports = [] } of Object.values(compose.services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('lets services be scaled: none that may run several times has a name or a port of the host to itself', () => {
    const scaled = ['orchestrator', 'inventory', 'payment', 'fulfilment', 'gateway'];
    for (const name of scaled) {
      const { ports = [], container_name: containerName } = serviceOf(name);
      expect({ name, containerName }).toEqual({ name, containerName: undefined });
      // A range can be given for the gateway; the others are reached within the network alone.
      expect({ name, ports }).toEqual({ name, ports: name === 'gateway' ? ['127.0.0.1:${GATEWAY_PORTS:-3000}:3000'] : [] });
    }
    // The service's name stands for all its containers; an address of one of them in it would leave the others out.
    for (const name of ['gateway', 'console']) expect(serviceOf(name).environment?.['CONTROL_URL']).toBe('http://orchestrator:3001');
    expect(interpolate(serviceOf('orchestrator').environment?.['CONTROL_ADVERTISE_URL'] ?? '')).toBe('');
  });

  it('builds each folder from a Dockerfile that ends as another user than root', () => {
    for (const { build } of Object.values(compose.services)) {
      if (build === undefined) continue;
      const dockerfile = join(WORKSPACE, build.replace(/^dist\//, ''), 'Dockerfile');
      expect(existsSync(dockerfile)).toBe(true);
      expect(readFileSync(dockerfile, 'utf8')).toMatch(/^USER node$/m);
    }
  });

  it('names in .env.example every variable that it insists on, without a value', () => {
    const text = JSON.stringify(compose);
    const insisted = [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name as string))];
    expect(insisted.length).toBeGreaterThan(5);
    for (const name of insisted) expect(dotenvExample).toMatch(new RegExp(`^${name}=$`, 'm'));
  });
});
