import { testRule } from '../../test/rule-tester.js';
import { noForbiddenImports } from './no-forbidden-imports.mjs';

testRule('no-forbidden-imports', noForbiddenImports, {
  valid: [
    { name: 'given the authoring API and files of its own, when they are imported, then nothing is said', code: "import { sleep } from '@backstitch/workflow'; import { plan } from './plan.js';" },
    { name: 'given a forbidden package, when its types alone are imported, then nothing is said', code: "import type { Client } from 'pg'; import { type Redis } from 'ioredis'; export type { Job } from 'bullmq';" },
    { name: 'given a type of a module of Node, when it is written as import(), then nothing is said', code: "let stats: import('node:fs').Stats;" },
    { name: 'given the modules of Node that have a replacement, when what that has is imported, then nothing is said', code: "import assert, { strictEqual } from 'node:assert'; import { inspect } from 'util'; import 'node:assert/strict';" },
    { name: 'given a pure package, when it is imported, then nothing is said', code: "import { z } from 'zod'; import ms from 'ms';" },
    { name: 'given a package whose name begins like a forbidden one, when it is imported, then nothing is said', code: "import { format } from 'pg-format'; import x from 'fsx';" },
    { name: 'given a module that the bundler is told to leave out, when it is allowed, then nothing is said', code: "import { readFile } from 'node:fs/promises'; import pg from 'pg';", options: [{ allow: ['node:fs', 'pg'] }] },
  ],
  invalid: [
    { name: 'given a module of Node, when it is imported with its prefix, then it is said', code: "import { readFileSync } from 'node:fs';", errors: [{ messageId: 'builtIn', data: { module: 'node:fs' } }] },
    { name: 'given a module of Node, when it is imported without its prefix, then it is said', code: "import 'crypto'; import { setTimeout } from 'timers/promises';", errors: [{ messageId: 'builtIn' }, { messageId: 'builtIn' }] },
    { name: 'given a name that the replacement of util lacks, when it is imported, then the names that it has are told', code: "import { promisify, inspect } from 'node:util';", errors: [{ messageId: 'builtInName', data: { module: 'node:util', name: 'promisify', names: 'format, inspect, isDeepStrictEqual, TextDecoder, TextEncoder' } }] },
    { name: 'given packages that do I/O, when they are imported, then each is told', code: "import pg from 'pg'; import { Injectable } from '@nestjs/common'; import Stripe from 'stripe/esm';", errors: [{ messageId: 'package' }, { messageId: 'package' }, { messageId: 'package' }] },
    { name: 'given a client of Backstitch itself, when workflow code imports it, then it is told', code: "import { Client } from '@backstitch/client'; export const c = Client;", errors: [{ messageId: 'package' }] },
    { name: 'given a module that is passed on, when it is forbidden, then it is told', code: "export { readFile } from 'fs/promises'; export * from 'undici';", errors: [{ messageId: 'builtIn' }, { messageId: 'package' }] },
    { name: 'given an import of CommonJS, when it is forbidden, then it is told', code: "const fs = require('fs'); import net = require('node:net'); net.connect(1);", errors: [{ messageId: 'builtIn' }, { messageId: 'builtIn' }] },
    { name: 'given a dynamic import, when it is made, then it is told', code: "const rules = await import('./rules.js');", errors: [{ messageId: 'dynamic' }] },
    { name: 'given packages of a project’s own, when it forbids them, then they are told', code: "import { charge } from '@acme/bank-client/v2';", options: [{ forbid: ['@acme/bank-*'] }], errors: [{ messageId: 'package' }] },
    {
      name: 'given a forbidden package, when its types alone are used, then the fix makes it an import of types',
      code: "import { Client, type Pool } from 'pg';\nlet c: Client; let p: Pool;",
      output: "import type { Client, Pool } from 'pg';\nlet c: Client; let p: Pool;",
      errors: [{ messageId: 'typeOnly' }],
    },
    {
      name: 'given a default import with names, when types alone are used, then it is told and left as it is, since no import of types has that form',
      code: "import pg, { Client } from 'pg';\nlet c: Client; let p: typeof pg;",
      errors: [{ messageId: 'typeOnly' }],
    },
  ],
});
