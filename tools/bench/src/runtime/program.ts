/** One measurement of the runtime, in a process of its own: `program.js <what> <bundle file> <number>`. Writes one line of JSON. */
import { readFileSync } from 'node:fs';
import { createInThreadSandbox, createSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { BareRuntime } from './bare-runtime.js';
import { measureEngine } from './measure-engine.js';
import { measureReplay } from './measure-replay.js';
import { measureSandbox, measureSuspendedRuns } from './measure-sandbox.js';
import { measureManyRuns } from './measure-many-runs.js';
import { measureYear } from './measure-year.js';

const [what, bundleFile, number] = process.argv.slice(2) as [string, string, string];
const bundle = JSON.parse(readFileSync(bundleFile, 'utf8')) as WorkflowBundle;
const count = Number(number);

console.log(JSON.stringify(await measure()));
process.exit(0);

async function measure(): Promise<object> {
  switch (what) {
    case 'sandbox':
      return measureSandbox(await createSandbox({ bundle }), count);
    case 'bare':
      return measureSandbox(new BareRuntime(), count);
    case 'suspended':
      return measureSuspendedRuns(createInThreadSandbox({ bundle }), count);
    case 'engine':
      return measureEngine(await createSandbox({ bundle }), count);
    case 'replay':
      return measureReplay(await createSandbox({ bundle }), count);
    case 'many-runs':
      return measureManyRuns(await createSandbox({ bundle }), count);
    case 'year':
      return measureYear(bundle, count);
    default:
      throw new Error(`Unknown measurement ${what}.`);
  }
}
