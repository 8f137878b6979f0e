import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {import('./kill-plan.mjs').PlannedKill} PlannedKill */
/** @typedef {import('@backstitch/stack').Stack} Stack */
/** @typedef {import('@backstitch/servers').RedisServer} RedisServer */

/** What can be killed, and how. */
export class Victims {
  #stack;
  #redis;
  /** Databases that were hit and are not back yet. */
  #down = new Set();

  /**
   * @param {Stack} stack
   * @param {RedisServer | undefined} redis
   */
  constructor(stack, redis) {
    this.#stack = stack;
    this.#redis = redis;
  }

  /**
   * Name of what a plan means, as the kills are listed.
   * @param {PlannedKill} planned
   */
  nameOf({ kind, instance }) {
    return kind === 'postgres' || kind === 'redis' ? kind : this.#stack.instance(kind, instance).name;
  }

  /**
   * Kills it: services and Redis with SIGKILL, Postgres by an immediate shutdown. It is started again after `downMs`.
   *
   * @param {PlannedKill} planned
   * @param {AbortSignal} signal
   * @returns {Promise<void> | undefined} resolves when it is ready again; undefined: it does not run just now
   */
  kill({ kind, instance, downMs }, signal) {
    switch (kind) {
      case 'postgres':
        return this.#once(kind, () => this.#stack.postgres.crash({ downMs }));
      case 'redis':
        return this.#once(kind, async () => this.#redis?.crash({ downMs }));
      default: {
        const { process } = this.#stack.instance(kind, instance);
        if (!process.kill({ downMs })) return undefined;
        return delay(downMs, undefined, { signal }).then(() => this.#stack.waitUntilReady(kind, instance));
      }
    }
  }

  /**
   * @param {'postgres' | 'redis'} kind
   * @param {() => Promise<void>} crash
   */
  #once(kind, crash) {
    if (this.#down.has(kind)) return undefined;
    this.#down.add(kind);
    return crash().finally(() => this.#down.delete(kind));
  }
}
