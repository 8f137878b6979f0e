/**
 * Set-up of each file of specs: those of the testing library are not told where the test servers are, save end-to-end specs. What the library's users
 * get with it needs no database, and a spec of it that asks for one fails wherever it runs.
 */
import { expect } from '@jest/globals';

const { testPath = '' } = expect.getState();
if (/[/\\]libs[/\\]testing[/\\]/.test(testPath) && !testPath.endsWith('.e2e.spec.ts')) {
  for (const name of Object.keys(process.env)) if (name.startsWith('BACKSTITCH_TEST_')) delete process.env[name];
}
