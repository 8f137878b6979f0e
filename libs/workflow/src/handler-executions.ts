/** One call of a signal's or an update's handler. */
export interface HandlerExecution {
  kind: 'signal' | 'update';
  name: string;
  /** For updates. */
  updateId?: string;
  /** Whether the run warns if it ends before the handler has. */
  warns: boolean;
}

/** The handlers of one run that have begun and not ended. */
export class HandlerExecutions {
  readonly #underWay = new Set<HandlerExecution>();

  begin(execution: HandlerExecution): HandlerExecution {
    this.#underWay.add(execution);
    return execution;
  }

  end(execution: HandlerExecution): void {
    this.#underWay.delete(execution);
  }

  get areAllFinished(): boolean {
    return this.#underWay.size === 0;
  }

  /** What to say when the run ends now; undefined: nothing. */
  unfinishedWarning(): string | undefined {
    const unfinished = [...this.#underWay].filter(({ warns }) => warns);
    if (unfinished.length === 0) return undefined;
    const names = unfinished.map(({ kind, name, updateId }) => `${kind} ${name}${updateId === undefined ? '' : ` (${updateId})`}`);
    return (
      `The workflow ended while handlers were still at work, and what they were doing is lost: ${names.join(', ')}. ` +
      `Wait for them with condition(allHandlersFinished), or set the handler with unfinishedPolicy 'ABANDON'.`
    );
  }
}
