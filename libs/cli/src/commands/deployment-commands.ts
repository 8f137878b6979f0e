import type { ListBuildsResponse } from '@backstitch/protocol';
import type { Command } from 'commander';
import type { CliEnvironment } from '../environment.js';
import { table, time } from '../table.js';
import { call, callCommand, type CallFlags } from './call.js';

/** Builds of the workflows' code, side by side. */
export function addDeploymentCommands(program: Command, cli: CliEnvironment): void {
  const deployment = program.command('deployment').summary('builds of the workflows’ code').description('Builds of the workflows’ code: which is current, and which can be stopped.');
  callCommand(deployment, 'list', 'list builds: replicas, open pinned runs, and whether they can be stopped').action((flags: CallFlags) =>
    call(cli, flags, ({ get }) => get<ListBuildsResponse>('/deployments'), buildsTable));
  callCommand(deployment, 'set-current <build-id>', 'new runs begin with this build, and runs that are not pinned go on with it, until it is unset')
    .option('--force', 'although no replica runs it')
    .action((buildId: string, flags: CallFlags & { force?: boolean }) => call(cli, flags, ({ post }) => post('/deployments/current', { buildId, ...(flags.force === true && { force: true }) }, true), () => 'Set.\n'));
  callCommand(deployment, 'unset-current', 'the newest build that started is current again').action((flags: CallFlags) => call(cli, flags, ({ post }) => post('/deployments/current', {}, true), () => 'Unset.\n'));
}

function buildsTable({ builds }: ListBuildsResponse): string {
  return table(
    ['build', 'current', 'replicas', 'open pinned runs', 'first seen', 'can be stopped'],
    builds.map(({ buildId, isCurrent, isSet, replicas, openPinnedRuns, firstSeenAtMs }) => [
      buildId,
      isCurrent ? (isSet ? 'set' : 'newest') : '',
      replicas,
      openPinnedRuns,
      time(firstSeenAtMs),
      isCurrent ? 'no' : openPinnedRuns > 0 ? (replicas === 0 ? 'its runs wait for it' : 'not yet') : 'yes',
    ]),
  );
}
