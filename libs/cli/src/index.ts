export { runCli } from './run-cli.js';
export type { CliEnvironment } from './environment.js';
export { DatabaseUnreadableError, EXIT_CODE, FileUnreadableError, UsageError } from './errors.js';
export { replayHistories, replayHistory, type ReplayOptions, type ReplayOutcome, type ReplaySummary, type RunHistory } from './replay/replay-histories.js';
export { readHistoryFile } from './replay/file-histories.js';
export { databaseHistories, type DatabaseOptions } from './replay/database-histories.js';
export { controlHistories, type OpenRunsFilter } from './replay/control-histories.js';
export type { WorkflowCode } from './replay/load-code.js';
export type { ProblemGroup, ReplayProblemOutcome } from './replay/problem-groups.js';
