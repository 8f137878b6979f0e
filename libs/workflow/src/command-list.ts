import type { JsonValue, WorkflowCommand } from '@backstitch/protocol';
import { settledUndos, type OwedUndo } from './saga-undos.js';

/** What a command that can be taken back starts. */
export type WithdrawableKind = 'activity' | 'timer' | 'child' | 'signal';

/**
 * A command on its way out, as JSON already: what the code passed is fixed at the moment of the call, and is written once. An activity that has no more than these is
 * written as `[seq,activityType,args,options]` or `[seq,activityType,args,options,undo]`: see {@link readCommands}.
 */
interface PendingCommand {
  kind: WithdrawableKind | 'other';
  /** 0 for `other`. */
  seq: number;
  json: string;
  /** Where in the code it comes from, where that is traced. */
  position?: string;
}

/** Of all lists that have none: nothing is ever put into it. */
const NONE: never[] = [];

/**
 * The commands of one activation, in order of the calls.
 *
 * States: open → closed, once, with the command that ends the run → sealed, when the commands are taken: what is pushed later is dropped. What is
 * pushed between closing and sealing stands before the command that ends the run, as in Temporal's core; in legacy runs it is dropped too.
 */
export class CommandList {
  /** Gives the position of the calling code; set where positions are traced. */
  positionOfCall: (() => string) | undefined;
  #commands: PendingCommand[] = NONE;
  #last: PendingCommand | undefined;
  #settled: OwedUndo[] | undefined;
  #sealed = false;

  /** @param dropsWhenClosed what is pushed after closing is dropped at once */
  constructor(readonly dropsWhenClosed: boolean) {}

  get isClosed(): boolean {
    return this.#last !== undefined || this.#sealed;
  }

  push(json: string, kind: PendingCommand['kind'] = 'other', seq = 0): void {
    if (this.#sealed || (this.dropsWhenClosed && this.isClosed)) return;
    this.#append(this.#pending(json, kind, seq));
  }

  #append(command: PendingCommand): void {
    // Not pushed: the first push makes room for 17, and most activations have one.
    if (this.#commands.length === 0) this.#commands = [command];
    else this.#commands.push(command);
  }

  /** Pushes the run's last command. A second one counts for nothing. */
  close(json: string): void {
    if (!this.isClosed) this.#last = this.#pending(json, 'other', 0);
  }

  /** Keeps an undo that is owed no more; of a run that ends nothing is rolled back, and nothing need be said. */
  settleUndo(owed: OwedUndo): void {
    (this.#settled ??= []).push(owed);
  }

  #pending(json: string, kind: PendingCommand['kind'], seq: number): PendingCommand {
    return this.positionOfCall === undefined ? { kind, seq, json } : { kind, seq, json, position: this.positionOfCall() };
  }

  /** Takes back a start that has not left this activation. Answers whether it was still here. */
  withdraw(kind: WithdrawableKind, seq: number): boolean {
    const index = this.#commands.findIndex((command) => command.kind === kind && command.seq === seq);
    if (index === -1) return false;
    this.#commands.splice(index, 1);
    return true;
  }

  /** The positions of all commands as a JSON array, while they are here. */
  positionsJson(): string {
    this.#seal();
    return JSON.stringify(this.#commands.map(({ position }) => position ?? ''));
  }

  /** The activity, if that is all there is and it is written as an array; the list is empty then. Else undefined, and nothing is taken. */
  takeOnlyActivityJson(): string | undefined {
    const commands = this.#commands;
    if (commands.length !== 1 || this.#last !== undefined || this.#settled !== undefined) return undefined;
    const { json } = commands[0] as PendingCommand;
    if (!json.startsWith('[')) return undefined;
    this.#commands = NONE;
    return json;
  }

  /** All commands as a JSON array; the list is empty then. */
  takeJson(): string {
    this.#seal();
    const commands = this.#commands;
    const first = commands[0];
    if (first === undefined) return '[]';
    this.#commands = NONE;
    return commands.length === 1 ? `[${first.json}]` : `[${commands.map((command) => command.json).join(',')}]`;
  }

  #seal(): void {
    const settled = this.#settled;
    if (settled !== undefined) {
      this.#settled = undefined;
      if (!this.isClosed) this.#append(this.#pending(`{"type":"settleUndos",${JSON.stringify(settledUndos(settled)).slice(1)}`, 'other', 0));
    }
    if (this.#last === undefined) return;
    this.#append(this.#last);
    this.#last = undefined;
    this.#sealed = true;
  }
}

/** Commands as objects; options and undos may be numbers: see recurringJson. @param json as {@link CommandList.takeJson} gives it */
export function readCommands(json: string): WorkflowCommand[] {
  return (JSON.parse(json) as (WorkflowCommand | [number, string, JsonValue[], unknown, unknown?])[]).map((read) => {
    if (!Array.isArray(read)) return read;
    const [seq, activityType, args, options, undo] = read;
    return { type: 'scheduleActivity', seq, activityType, args, options, ...(undo === undefined ? {} : { undo }) } as WorkflowCommand;
  });
}
