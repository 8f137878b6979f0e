/** A command on its way out, as JSON already: what the code passed is fixed at the moment of the call, and is written once. */
interface PendingCommand {
  kind: 'activity' | 'timer' | 'other';
  /** 0 for `other`. */
  seq: number;
  json: string;
}

/**
 * The commands of one activation, in order of the calls.
 *
 * States: open → closed, once, with the command that ends the run: what is pushed later is dropped.
 */
export class CommandList {
  #commands: PendingCommand[] = [];
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  push(json: string, kind: PendingCommand['kind'] = 'other', seq = 0): void {
    if (!this.#closed) this.#commands.push({ kind, seq, json });
  }

  /** Pushes the run's last command. */
  close(json: string): void {
    this.push(json);
    this.#closed = true;
  }

  /** Takes back the start of an activity or timer that has not left this activation. Answers whether it was still here. */
  withdraw(kind: 'activity' | 'timer', seq: number): boolean {
    const index = this.#commands.findIndex((command) => command.kind === kind && command.seq === seq);
    if (index === -1) return false;
    this.#commands.splice(index, 1);
    return true;
  }

  /** All commands as a JSON array; the list is empty then. */
  takeJson(): string {
    if (this.#commands.length === 0) return '[]';
    const json = `[${this.#commands.map((command) => command.json).join(',')}]`;
    this.#commands = [];
    return json;
  }
}
