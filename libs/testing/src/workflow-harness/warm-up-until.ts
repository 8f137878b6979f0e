let hasBegun = false;

/**
 * Once in a process, lets a small workflow live in an environment of its own until the work is done: while the bundler, a process of its own, works, this thread has
 * nothing to do, and what is compiled meanwhile the first test need not wait for. Never rejects, and does not outlast the work.
 */
export async function warmUpUntil(work: Promise<unknown>): Promise<void> {
  const done = work.then(
    () => undefined,
    () => undefined,
  );
  if (!hasBegun) {
    hasBegun = true;
    const { WarmUp } = await import('./warm-up.js');
    const warmUp = new WarmUp();
    // It is stopped wherever it is. That it can come to its end is a test.
    warmUp.run().catch(() => undefined);
    await done;
    await warmUp.end();
  }
  await done;
}
