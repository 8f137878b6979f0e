/**
 * The judge's process: replays histories on Temporal's core, one after the other. A history that makes the core panic may stop it for good, so its
 * parent watches and ends it.
 *
 * Takes one message, `{ bundlePath, cases: [{ id, workflowId, path, readOnly? }] }`; sends `{ begun: id }` and `{ id, error? }` for each case, then `{ done: true }`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const require = createRequire(import.meta.url);
const { fromJson } = require('protobufjs/ext/protojson');
const { patchProtobufRoot } = require('@temporalio/proto/lib/patch-protobuf-root');
const historyType = patchProtobufRoot(require('@temporalio/proto')).lookupType('temporal.api.history.v1.History');

// The parent is gone, or wants no more.
process.once('disconnect', () => process.exit(0));

const quiet = new DefaultLogger('ERROR', () => undefined);
Runtime.install({ logger: quiet, telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } } });

const send = (message) => new Promise((resolve, reject) => process.send(message, (error) => (error ? reject(error) : resolve())));

process.once('message', async ({ bundlePath, cases }) => {
  const code = readFileSync(bundlePath, 'utf8');
  const ids = [];
  async function* histories() {
    for (const { id, workflowId, path, readOnly } of cases) {
      await send({ begun: id });
      let history;
      try {
        // Strictly: the SDK's own reading passes over fields that it does not know.
        history = fromJson(historyType, JSON.parse(readFileSync(path, 'utf8')));
      } catch (error) {
        await send({ id, error: `It is no history in Temporal's form: ${error instanceof Error ? error.message : String(error)}` });
        continue;
      }
      if (readOnly) {
        await send({ id });
        continue;
      }
      ids.push(id);
      yield { workflowId, history };
    }
  }
  try {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle: { code }, replayName: 'referee' }, histories())) {
      await send({ id: ids.shift(), ...(error === undefined ? {} : { error: error.message }) });
    }
    await send({ done: true });
  } catch (error) {
    await send({ id: ids.shift(), error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  process.disconnect();
  process.exit(0);
});
await send({ ready: true });
