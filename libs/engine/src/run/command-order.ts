import type { WorkflowCommand } from '@backstitch/protocol';

/** What is begun and given up in one task leaves no trace, as in Temporal's core: which command gives up which. */
const GIVES_UP = { cancelTimer: 'startTimer', cancelChildWorkflow: 'startChildWorkflow', cancelSignalExternalWorkflow: 'signalExternalWorkflow' } as const;

/**
 * The commands that count, in their order: without what left no trace, and without what has no effect after the run's end. In runs of version 1 everything
 * after the terminal command has none; later, as in Temporal's core, the first terminal command goes last and the others after it count.
 */
export function effectiveCommands(commands: readonly WorkflowCommand[], runtimeVersion: number): readonly WorkflowCommand[] {
  return withTerminalLast(withoutInstants(commands), runtimeVersion);
}

function withoutInstants(commands: readonly WorkflowCommand[]): readonly WorkflowCommand[] {
  if (!commands.some(({ type }) => type in GIVES_UP)) {
    return commands;
  }
  const begun = new Set(commands.map((command) => keyOf(command.type, command)));
  const instant = new Set<string>();
  for (const command of commands) {
    const key = command.type in GIVES_UP ? keyOf(GIVES_UP[command.type as keyof typeof GIVES_UP], command) : undefined;
    if (key !== undefined && begun.has(key)) {
      instant.add(key).add(keyOf(command.type, command));
    }
  }
  return instant.size === 0 ? commands : commands.filter((command) => !instant.has(keyOf(command.type, command)));
}

function keyOf(type: WorkflowCommand['type'], command: WorkflowCommand): string {
  return 'seq' in command ? `${type} ${command.seq}` : type;
}

function withTerminalLast(commands: readonly WorkflowCommand[], runtimeVersion: number): readonly WorkflowCommand[] {
  const position = commands.findIndex(isTerminal);
  if (position === -1 || position === commands.length - 1) {
    return commands;
  }
  const [terminal] = commands.slice(position, position + 1);
  const before = commands.slice(0, position);
  const after = runtimeVersion < 2 ? [] : commands.slice(position + 1).filter((command) => !isTerminal(command));
  return [...before, ...after, ...(terminal === undefined ? [] : [terminal])];
}

export function isTerminal({ type }: WorkflowCommand): boolean {
  return type === 'completeWorkflow' || type === 'failWorkflow' || type === 'cancelWorkflowExecution' || type === 'continueAsNew';
}
