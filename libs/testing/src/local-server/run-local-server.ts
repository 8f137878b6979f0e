import { PackageMissing } from './embedded-postgres.js';
import type { StackLibraries } from './libraries.js';
import { LocalServer } from './local-server.js';
import type { LocalServerMessage, LocalServerRequest, LocalServerSettings } from './messages.js';

/** Runs a local server in this process, for the one that forked it: until that one says so, or is gone. */
export async function runLocalServer(loadLibraries: (settings: LocalServerSettings) => Promise<StackLibraries>): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '{}') as LocalServerSettings;
  // The parent may be gone.
  const send = (message: LocalServerMessage): void => void (process.connected && process.send?.(message, undefined, undefined, () => undefined));
  let server: LocalServer | undefined;
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    await server?.stop();
    process.exit(0);
  };
  process.on('disconnect', () => void end());
  try {
    server = new LocalServer(settings, await loadLibraries(settings), send);
    const made = server;
    process.on('message', (request: LocalServerRequest) => (request.type === 'stop' ? void end() : made.take(request)));
    send({ type: 'ready', ...(await server.start()) });
  } catch (error) {
    const { message, stack } = error as Error;
    send({ type: 'failed', message: stack ?? message, ...(error instanceof PackageMissing ? { missingPackage: error.packageName } : {}) });
    await end();
  }
}
