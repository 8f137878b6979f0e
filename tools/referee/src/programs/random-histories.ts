import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportHistory } from '@backstitch/engine';
import { bundleWorkflows, createInThreadSandbox } from '@backstitch/sandbox';
import { everyEvent } from '../every-event.js';
import type { Feature, Program, Step } from '../random/program.js';
import { ProgramMaker } from '../random/random-program.js';
import { playInOrder } from '../random/play-in-order.js';
import { RandomRun, type RecordedRun } from '../random/random-run.js';
import { SeededRandom } from '../random/seeded-random.js';

/** Everything that random programs contain, besides activities, timers, signals and cancellation. */
const FEATURES: ReadonlySet<Feature> = new Set<Feature>(['children', 'continueAsNew', 'external', 'localActivities', 'memo', 'patches', 'saga', 'updates']);

/** Two activities side by side, each with one that follows it: which of the two ended first shows in what comes next. */
const CONTROL: Program = {
  body: [
    { do: 'all', branches: [[fixed('reserve'), fixed('notify')], [fixed('charge'), fixed('ship')]] },
    { do: 'sleep', ms: 5_000 },
    fixed('measure'),
  ],
  onSignal: [],
  onUpdate: [],
  waitsForHandlers: false,
};

function fixed(name: string): Step {
  return { do: 'activity', name, by: 'fixed', cancellation: 'TRY_CANCEL' };
}

interface Play {
  id: string;
  seed: number;
  /** Default: made from the seed. */
  program?: Program;
}

interface Order {
  folder: string;
  workflowsPath: string;
  plays: Play[];
}

interface PlayedCase {
  id: string;
  play: string;
  workflowId: string;
  path: string;
  eventTypes: string[];
}

/** Plays random workflows on the engine and exports their histories. The order comes on standard input, the answer is `cases.json` in the folder. */
const { folder, workflowsPath, plays } = JSON.parse(readFileSync(0, 'utf8')) as Order;
mkdirSync(folder, { recursive: true });
const bundle = await bundleWorkflows({ workflowsPath });
const cases: PlayedCase[] = [];
const played: { id: string; seed: number; program: Program; problem?: string }[] = [];

function write(play: string, id: string, { workflowId, events }: RecordedRun): PlayedCase {
  const path = join(folder, `${id}.json`);
  writeFileSync(path, JSON.stringify(exportHistory(events, { searchAttributes: { Word: 'Keyword' } })));
  return { id, play, workflowId, path, eventTypes: events.map(({ eventType }) => eventType) };
}

for (const { id, seed, program = new ProgramMaker(new SeededRandom(seed), FEATURES).program() } of plays) {
  const sandbox = createInThreadSandbox({ bundle });
  try {
    const runs = await new RandomRun(seed, sandbox).play(program);
    cases.push(...runs.map((run, part) => write(id, `${id}${part === 0 ? '' : `-${part}`}`, run)));
    played.push({ id, seed, program });
  } catch (error) {
    played.push({ id, seed, program, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await sandbox.close();
  }
}
const control = write('control', 'control', await playInOrder(CONTROL, createInThreadSandbox({ bundle })));
const forms = write('forms', 'forms', { workflowId: 'forms', workflowType: 'forms', events: everyEvent() });
writeFileSync(join(folder, 'cases.json'), JSON.stringify({ cases, played, control, forms }));
