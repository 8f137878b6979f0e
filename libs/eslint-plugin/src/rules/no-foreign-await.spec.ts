import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { testRule } from '../../test/rule-tester.js';
import { noForeignAwait } from './no-foreign-await.mjs';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'backstitch-lint-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const path of ['node_modules/@acme', 'node_modules/redis-like', 'packages/helpers', 'src']) mkdirSync(join(folder, path), { recursive: true });
symlinkSync(join(folder, 'packages/helpers'), join(folder, 'node_modules/@acme/helpers'));
/** In a workspace: `redis-like` is installed, `@acme/helpers` is the project's own, and names that are not there are aliases of paths. */
const filename = join(folder, 'src/workflows.ts');
/** Where nothing is installed, names alone decide. */
const nowhere = <Example extends object>(examples: Example[]) => examples.map((example) => ({ filename: '/nowhere/workflows.ts', ...example }));

testRule('no-foreign-await', noForeignAwait, {
  valid: nowhere([
    { name: 'given the authoring API, when it is awaited, then nothing is said', code: "import * as wf from '@temporalio/workflow'; import { sleep, CancellationScope as Scope } from '@backstitch/workflow'; await sleep(1); await wf.condition(p); await Scope.cancellable(f);" },
    { name: 'given what a file declares, when it is awaited, then nothing is said', code: 'async function plan() {} const ask = async () => 1; await plan(); await ask(); await new Promise(setUp);' },
    { name: 'given code of the project, when it is awaited, then nothing is said', code: "import { ship } from './ship.js'; import { pack } from '#pack'; import { send } from '@/send'; await ship(); await pack(); await send();" },
    { name: 'given what a function is handed, when it is awaited, then nothing is said', code: 'export async function order(steps, { child }) { await steps.step(a, b); await child.result(); }' },
    { name: 'given a foreign function, when its value is not awaited, then nothing is said', code: "import { parse } from 'redis-like'; const x = parse(text); f(x);", filename },
    { name: 'given a package of the workspace, when what it gives is awaited, then nothing is said', code: "import { ship } from '@acme/helpers'; await ship();", filename },
    { name: 'given an alias of a path, when what it gives is awaited, then nothing is said', code: "import { ship } from 'src/ship'; await ship();", filename },
    { name: 'given a foreign package, when it is allowed, then nothing is said', code: "import pLimit from 'p-limit'; const limit = pLimit(2); await limit(f);", options: [{ allow: ['p-limit'] }] },
    { name: 'given helpers for workflows, when the settings name them, then nothing is said', code: "import { patiently } from '@acme/workflow-kit'; await patiently(f);", settings: { backstitch: { workflowModules: ['@acme/workflow-kit'] } } },
    { name: 'given the mutex that many workflows use, when it is awaited, then nothing is said', code: "import { Mutex } from 'async-mutex'; const lock = new Mutex(); await lock.runExclusive(f);" },
    { name: 'given a type of a foreign package, when a value of it is awaited, then nothing is said without types', code: "import type { Client } from 'pg'; export async function f(client: Client) { await client.query(q); }" },
  ]),
  invalid: nowhere([
    { name: 'given a function of a foreign package, when it is awaited, then it is said', code: "import axios from 'axios'; const { data } = await axios.get(url);", errors: [{ messageId: 'foreign', data: { name: 'axios', module: 'axios' } }] },
    { name: 'given a workspace, when an installed package is awaited, then it is said', code: "import { get } from 'redis-like'; await get(key);", filename, errors: [{ messageId: 'foreign' }] },
    { name: 'given a module of Node, when it is awaited, then it is said', code: "import { readFile } from 'node:fs/promises'; import { setTimeout as pause } from 'timers/promises'; await readFile(path); await pause(5);", errors: [{ messageId: 'foreign' }, { messageId: 'foreign' }] },
    { name: 'given an object of a foreign class, when a method of it is awaited, then it is said', code: "import { Redis } from 'ioredis'; const redis = new Redis(); const { store } = redis; await redis.get(key); await store.set(key); await new Redis().quit();", errors: [{ messageId: 'foreign', data: { name: 'redis', module: 'ioredis' } }, { messageId: 'foreign' }, { messageId: 'foreign' }] },
    { name: 'given a promise that is kept in a constant, when it is awaited later, then it is said', code: "import got from 'got'; const asked = got(url).json(); const answer = await asked;", errors: [{ messageId: 'foreign', data: { name: 'asked', module: 'got' } }] },
    { name: 'given several promises, when they are awaited together, then the foreign ones are told', code: "import got from 'got'; import { sleep } from '@backstitch/workflow'; await Promise.all([sleep(1), got(a)]); await Promise.race(urls.map((url) => got(url)));", errors: [{ messageId: 'foreign' }, { messageId: 'foreign' }] },
    { name: 'given a chain of promises, when its start is foreign, then it is said', code: "import got from 'got'; await got(url).then(read).catch(() => undefined);", errors: [{ messageId: 'foreign' }] },
    { name: 'given a tagged template of a foreign package, when it is awaited, then it is said', code: "import { sql } from 'slonik'; const rows = await sql`SELECT 1`;", errors: [{ messageId: 'foreign' }] },
    { name: 'given a choice, when one side is foreign, then it is said', code: "import got from 'got'; await (cached ?? got(url)); await (cached ? own() : got(url));", errors: [{ messageId: 'foreign' }, { messageId: 'foreign' }] },
    { name: 'given a stream, when it is iterated over, then it is said', code: "import { on } from 'node:events'; for await (const event of on(bus, 'order')) f(event);", errors: [{ messageId: 'foreign' }] },
    { name: 'given the client of Temporal, when it is awaited, then it is said though its scope is known', code: "import { Connection } from '@temporalio/client'; await Connection.connect();", errors: [{ messageId: 'foreign' }] },
  ]),
});
