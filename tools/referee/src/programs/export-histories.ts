import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportHistory } from '@backstitch/engine';
import type { CollectedRun } from '@backstitch/testing';
import { hasTask, puppetryOf } from '../puppetry.js';

type StoredRun = Omit<CollectedRun, 'bundle'> & { bundle?: string; source?: string };

interface Order {
  /** Where a test run left its histories. */
  collected: string;
  /** Where the exported ones go. */
  folder: string;
}

/** Exports what a test run has collected; histories without code get what the puppet needs. */
const { collected, folder } = JSON.parse(readFileSync(0, 'utf8')) as Order;
mkdirSync(folder, { recursive: true });
const names = readdirSync(collected).sort();
const cases = [];
let notPlayable = 0;
let notBegun = 0;
for (const name of names.filter((candidate) => candidate.endsWith('.json'))) {
  const { workflowId, workflowType, events, bundle, source } = JSON.parse(readFileSync(join(collected, name), 'utf8')) as StoredRun;
  const [first, ...rest] = events;
  if (first?.eventType !== 'WORKFLOW_EXECUTION_STARTED') continue;
  // Core takes no history without a workflow task for one.
  if (!hasTask(events)) {
    notBegun += 1;
    continue;
  }
  const memo = bundle === undefined || first.attributes.system !== undefined ? puppetryOf(events) : undefined;
  const hasCode = bundle !== undefined && first.attributes.system === undefined;
  if (!hasCode && memo === undefined) {
    notPlayable += 1;
    continue;
  }
  const played = memo === undefined ? events : [{ ...first, attributes: { ...first.attributes, memo } }, ...rest];
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(exportHistory(played)));
  cases.push({ id: name.replace(/\.json$/, ''), workflowId, workflowType, path, bundle: hasCode ? bundle : undefined, source, eventTypes: events.map(({ eventType }) => eventType) });
}
const beyond = names.filter((name) => name.endsWith('.beyond')).reduce((sum, name) => sum + (JSON.parse(readFileSync(join(collected, name), 'utf8')) as { histories: number }).histories, 0);
writeFileSync(join(folder, 'cases.json'), JSON.stringify({ cases, notPlayable, notBegun, beyond }));
