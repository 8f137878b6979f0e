import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { placeOrderSchema } from '@backstitch/contracts';
import { readCliOptions, UsageError } from './cli-options.mjs';
import { showLogLine } from './log-lines.mjs';
import { ManagedProcess } from './managed-process.mjs';
import { percentiles } from './outcome.mjs';
import { sampleOrders } from './sample-orders.mjs';
import { commandLineOf, runningStack, StackLock, StackRunningError } from './stack-lock.mjs';
import { dataDirectoryOf, prepareStateDirectory, readOrMakeSecrets, resetStateDirectory } from './state-directory.mjs';
import { waitUntil } from './wait-until.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'backstitch-stack-spec-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the options of npm start', () => {
  it('are read, with files relative to where the command was typed', () => {
    writeFileSync(join(directory, 'orders.csv'), '');
    expect(readCliOptions(['--orders', 'orders.csv', '--stock', '50', '--exit', '--json', 'out.json'], directory)).toMatchObject({
      ordersFile: join(directory, 'orders.csv'),
      stockPerSku: 50,
      exit: true,
      jsonFile: join(directory, 'out.json'),
    });
  });

  it('say how many of each service there are', () => {
    expect(readCliOptions(['--scale', 'orchestrator=2', '--scale', 'payment=3'], directory).instances).toEqual({ orchestrator: 2, payment: 3 });
    expect(readCliOptions([], directory).instances).toEqual({});
  });

  it('take the gateway’s port from the environment, or refuse it', () => {
    expect(readCliOptions([], directory, { PORT: '8080' }).gatewayPort).toBe(8_080);
    expect(readCliOptions([], directory, { PORT: '' }).gatewayPort).toBeUndefined();
    for (const PORT of ['http', '70000', '-1']) expect(() => readCliOptions([], directory, { PORT })).toThrow(/PORT must be a whole number of at most 65,535/);
  });

  it.each([
    { args: ['--odrers', 'x'], says: /--odrers/ },
    { args: ['samples'], says: /samples/ },
    { args: ['--orders', 'absent.csv'], says: /no file absent.csv/ },
    { args: ['--stock', '50'], says: /--orders/ },
    { args: ['--orders', '.', '--stock', '-1'], says: /--stock/ },
    { args: ['--orders', '.', '--stock', 'many'], says: /whole number/ },
    { args: ['--scale', 'orchestrator'], says: /NAME=N/ },
    { args: ['--scale', 'console=2'], says: /one console only/ },
    { args: ['--scale', 'warehouse=2'], says: /no service warehouse/ },
  ])('refuse $args', ({ args, says }) => {
    expect(() => readCliOptions(args, directory)).toThrow(UsageError);
    expect(() => readCliOptions(args, directory)).toThrow(says);
  });
});

describe('the log lines that are shown', () => {
  it('are errors and worse, in one short line', () => {
    expect(showLogLine('payment', JSON.stringify({ level: 'info', msg: 'charged' }))).toBeUndefined();
    expect(showLogLine('payment', JSON.stringify({ level: 'error', msg: 'charge failed', err: { message: 'no route' } }))).toMatch(/payment.*error.*charge failed: no route/);
  });

  it('keep what is no JSON, such as the stack of a crash', () => {
    expect(showLogLine('payment', 'Error: crashed {')).toContain('Error: crashed {');
  });
});

describe('the sample orders', () => {
  it('are the same every time, varied, and keep the contract', () => {
    const samples = sampleOrders(100);
    expect(samples).toEqual(sampleOrders(100));
    for (const { body } of samples) expect(placeOrderSchema.safeParse(body)).toMatchObject({ success: true });
    const compensated = samples.filter(({ expected }) => expected === 'compensated');
    expect(compensated.length).toBe(20);
    expect(new Set(compensated.map(({ body }) => `${body.paymentToken} ${body.shippingAddress.country === 'Atlantis'} ${body.lines.at(-1)?.sku === 'SAMPLE-RARE-VASE'}`)).size).toBe(3);
  });
});

describe('percentiles', () => {
  it('are null where nothing was measured', () => {
    expect(percentiles([])).toEqual({ p50: null, p99: null });
  });
  it('are values that were measured', () => {
    expect(percentiles(Array.from({ length: 100 }, (_, index) => index + 1))).toEqual({ p50: 50, p99: 99 });
  });
});

describe('the lock of a state directory', () => {
  it('is refused while its owner runs, and taken over once it does not', async () => {
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'owner-of-the-lock'], { stdio: 'ignore' });
    const commandLine = await waitUntil(async () => commandLineOf(owner.pid as number), { timeoutMs: 60_000, what: 'the owner to run' });
    writeFileSync(join(directory, 'stack.json'), JSON.stringify({ pid: owner.pid, commandLine, children: [] }));

    expect(runningStack(directory)).toBe(owner.pid);
    await expect(StackLock.take(directory)).rejects.toThrow(StackRunningError);
    await expect(resetStateDirectory(directory)).rejects.toThrow(StackRunningError);

    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
    const lock = await StackLock.take(directory);
    expect(runningStack(directory)).toBe(process.pid);
    lock.release();
    expect(runningStack(directory)).toBeUndefined();
  });

  it('ends processes that a killed stack left behind, before it is taken', async () => {
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'orphan-of-a-stack'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
    const commandLine = await waitUntil(async () => commandLineOf(orphan.pid as number), { timeoutMs: 60_000, what: 'the orphan to run' });
    writeFileSync(join(directory, 'stack.json'), JSON.stringify({ pid: 2 ** 22 + 1, commandLine: 'gone', children: [{ pid: orphan.pid, commandLine }] }));
    const lock = await StackLock.take(directory);
    expect(await ended).toBe('SIGTERM');
    lock.release();
  });
});

describe('the state directory', () => {
  it('keeps secrets for their owner alone, and the same ones', () => {
    prepareStateDirectory(directory);
    const secrets = readOrMakeSecrets(directory, ['gateway']);
    expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(readOrMakeSecrets(directory, ['gateway', 'console'])).toMatchObject({ superuser: secrets.superuser, roles: { gateway: secrets.roles.gateway } });
  });

  it('lets Postgres’ own user reach its data', () => {
    const hidden = join(directory, 'hidden/.backstitch');
    prepareStateDirectory(hidden);
    // mkdtemp makes a folder that is closed to others.
    expect(dataDirectoryOf(hidden)).toMatch(process.getuid?.() === 0 ? /^\/var\/tmp\/backstitch-/ : /hidden/);
  });
});

describe('a managed process', () => {
  const managed = (script: string, seen: { lines: string[]; crashes: string[]; givenUp: number }, restartsMax?: number) =>
    new ManagedProcess({
      restartsMax,
      name: 'worker',
      command: ['-e', script],
      directory,
      environment: {},
      logFile: join(directory, 'worker.log'),
      onLine: (line) => seen.lines.push(line),
      onStart: () => undefined,
      onCrash: (message) => seen.crashes.push(message),
      onGivenUp: () => (seen.givenUp += 1),
    });

  it('is started again however often it is killed, and not when it is stopped', async () => {
    const seen = { lines: [] as string[], crashes: [] as string[], givenUp: 0 };
    const worker = managed(`console.log('up'); setInterval(() => {}, 1000)`, seen);
    worker.start();
    await waitUntil(async () => seen.lines.length === 1 || undefined, { timeoutMs: 60_000, what: 'the first start' });
    for (let kills = 1; kills <= 7; kills += 1) {
      worker.kill();
      await waitUntil(async () => seen.lines.length === kills + 1 || undefined, { timeoutMs: 60_000, what: `start ${kills + 1}` });
    }
    expect(seen.crashes).toEqual(Array.from({ length: 7 }, () => 'worker was killed; it is started again.'));
    await worker.stop();
    expect(worker.pid).toBeUndefined();
    expect(seen).toMatchObject({ givenUp: 0, lines: Array.from({ length: 8 }, () => 'up') });
  });

  it('is given up after as many crashes as are allowed, which its being killed is not one of', async () => {
    const seen = { lines: [] as string[], crashes: [] as string[], givenUp: 0 };
    const worker = managed(`console.log('up'); setInterval(() => {}, 1000); if (require('fs').existsSync('broken')) process.exit(3)`, seen, 1);
    worker.start();
    await waitUntil(async () => seen.lines.length === 1 || undefined, { timeoutMs: 60_000, what: 'the first start' });
    expect(worker.kill({ downMs: 30 })).toBe(true);
    expect(worker.kill()).toBe(true);
    await waitUntil(async () => seen.lines.length === 2 || undefined, { timeoutMs: 60_000, what: 'the second start' });
    expect(seen.crashes).toEqual(['worker was killed; it is started again.']);
    writeFileSync(join(directory, 'broken'), '');
    worker.kill();
    await waitUntil(async () => seen.givenUp === 1 || undefined, { timeoutMs: 60_000, what: 'it to be given up' });
    expect(seen.crashes.at(-1)).toContain('more than 1 times within a minute');
  });

  it('is told when the process that started it is gone', async () => {
    const stack = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { ManagedProcess } from ${JSON.stringify(new URL('./managed-process.mjs', import.meta.url).href)};
       new ManagedProcess({
         name: 'worker', directory: '.', environment: {}, logFile: ${JSON.stringify(join(directory, 'worker.log'))},
         command: ['-e', "process.on('disconnect', () => { require('fs').writeFileSync(" + ${JSON.stringify(JSON.stringify(join(directory, 'told')))} + ", ''); process.exit(); }); console.log('up')"],
         onLine: (line) => console.log(line), onStart() {}, onCrash() {}, onGivenUp() {},
       }).start();`,
    ]);
    await new Promise((resolve) => stack.stdout.once('data', resolve));
    stack.kill('SIGKILL');
    await waitUntil(async () => existsSync(join(directory, 'told')) || undefined, { timeoutMs: 60_000, what: 'the worker to be told' });
  });
});
