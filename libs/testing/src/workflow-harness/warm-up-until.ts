let hasBegun = false;

/**
 * Once in a process (under Jest: in a file of tests), lets a small workflow live in an environment of its own until the work is done: while the bundler, a process of its own, works, this thread has
 * nothing to do, and what is compiled meanwhile the first test need not wait for. Never rejects, and does not outlast the work.
 */
export async function warmUpUntil(work: Promise<unknown>): Promise<void> {
  const done = work.then(
    () => undefined,
    () => undefined,
  );
  if (!hasBegun) {
    hasBegun = true;
    await warmUp(done).catch(() => undefined);
  }
  await done;
}

/** What goes wrong in it is of no consequence to the work: that it comes to its end is a test. */
async function warmUp(done: Promise<void>): Promise<void> {
  const { WarmUp } = await import('./warm-up.js');
  const small = new WarmUp();
  small.run().catch(() => undefined);
  await done;
  await small.end();
}
