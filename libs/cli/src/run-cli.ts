import { readFileSync } from 'node:fs';
import { OrchestratorUnreachableError } from '@backstitch/client';
import { Command, CommanderError } from 'commander';
import { addActivityCommands } from './commands/activity-commands.js';
import { addDeploymentCommands } from './commands/deployment-commands.js';
import { addIncidentCommands } from './commands/incident-commands.js';
import { addMessageCommands } from './commands/message-commands.js';
import { addOperatorCommands } from './commands/operator-commands.js';
import { addReplayCommand } from './commands/replay-command.js';
import { addScheduleCommands } from './commands/schedule-commands.js';
import { addStartCommands } from './commands/start-commands.js';
import { addWorkflowCommands } from './commands/workflow-commands.js';
import type { CliEnvironment } from './environment.js';
import { DatabaseUnreadableError, EXIT_CODE, UsageError } from './errors.js';

const HELP_END = `
Environment:
  BACKSTITCH_URL           an orchestrator's control API, or several with commas between (default http://127.0.0.1:3001)
  BACKSTITCH_TOKEN         the shared secret of the control API; taken from nowhere else
  BACKSTITCH_IDENTITY      who calls, for audit (default: USER)
  BACKSTITCH_CODEC         a module that exports the deployment's payload codec, where there is one
  BACKSTITCH_TASK_TOKEN    activity: the task token of an activity that is completed from outside
  BACKSTITCH_DATABASE_URL  replay: the orchestrator's database; PGPASSWORD: its password

Exit codes: 0 done, 1 refused or failed (replay: something would break), 2 wrong command line, 3 nobody answers.
`;

/** The `backstitch` command. Never rejects. @returns the exit code: see EXIT_CODE */
export async function runCli(args: readonly string[], cli: CliEnvironment): Promise<number> {
  let exitCode: number = EXIT_CODE.OK;
  const program = makeProgram(cli, (code) => (exitCode = code));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(cli, error);
  }
}

function makeProgram(cli: CliEnvironment, end: (exitCode: number) => void): Command {
  const program = new Command('backstitch')
    .description('Durable workflows on Postgres and BullMQ: look at them, act on them, and check new code against those that are open.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .addHelpText('after', HELP_END)
    .showHelpAfterError('(--help tells more)');
  program.commandsGroup('Before a deployment:');
  addReplayCommand(program, cli, end);
  program.commandsGroup('Look:');
  addWorkflowCommands(program, cli);
  program.commandsGroup('Start and talk:');
  addStartCommands(program, cli);
  addMessageCommands(program, cli);
  program.commandsGroup('Operate:');
  addIncidentCommands(program, cli);
  addActivityCommands(program, cli);
  addOperatorCommands(program, cli);
  addScheduleCommands(program, cli);
  addDeploymentCommands(program, cli);
  configure(program, cli);
  return program;
}

/** Of the package that this file is in, built or not. */
function ownVersion(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

/** Subcommands do not take these settings from their parent once they exist. */
function configure(command: Command, cli: CliEnvironment): void {
  command.exitOverride().configureOutput({ writeOut: (text) => cli.write(text), writeErr: (text) => cli.writeError(text) });
  command.commands.forEach((each) => configure(each, cli));
}

function explain(cli: CliEnvironment, error: unknown): number {
  if (error instanceof CommanderError) {
    // It has told already.
    return error.exitCode === 0 ? EXIT_CODE.OK : EXIT_CODE.USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  cli.writeError(`${message}\n`);
  if (error instanceof UsageError) return EXIT_CODE.USAGE;
  return error instanceof OrchestratorUnreachableError || error instanceof DatabaseUnreadableError ? EXIT_CODE.UNREACHABLE : EXIT_CODE.FAILED;
}
