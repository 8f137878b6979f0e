import { readSimulatorConfiguration } from './configuration.js';
import { startStripeSimulator } from './stripe-simulator.js';

const configuration = readSimulatorConfiguration(process.env);
const simulator = await startStripeSimulator({
  host: configuration.HOST,
  port: configuration.PORT,
  faultRate: configuration.FAULT_RATE,
  seed: configuration.SEED,
  hangMs: configuration.HANG_MS,
  journalFile: configuration.JOURNAL_FILE,
});
const log = (fields: Record<string, unknown>) => console.log(JSON.stringify({ level: 30, time: Date.now(), service: 'stripe-simulator', ...fields }));
log({ msg: 'ready', url: simulator.url, faultRate: configuration.FAULT_RATE, seed: configuration.SEED });

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    log({ msg: 'stopping', signal });
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
