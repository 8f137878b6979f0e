import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import type { JsonValue } from '@backstitch/protocol';
import { SimulatedServices } from '../simulated-services/index.js';
import { asJson } from '../workflow-harness/as-json.js';
import { ExploreOptionError } from './explorer-errors.js';
import type { ExploredWorkflow, ExploreMessage, ExploreOptions } from './explore-options.js';
import type { Scene } from './play.js';
import { SandboxPool } from './sandbox-pool.js';
import { isFaultKind } from './schedule.js';
import type { SentMessage } from './simulated-callers.js';

const DEFAULT_STEPS_MAX = 5_000;
/** The only real time here: so long that no slow machine reaches it with code that comes back. */
const CODE_STOPS_AFTER_MS = 10_000;
const DEFAULT_SIMULATED_TIME_MAX_MS = 10 * 365 * 86_400_000;

/**
 * What the options mean.
 * @throws ExploreOptionError; WorkflowBundleError
 */
export async function sceneOf<State extends object>(
  workflow: ExploredWorkflow,
  options: ExploreOptions<State>,
  makeBundle: (workflowsPath: string) => Promise<WorkflowBundle> = async (workflowsPath) => bundleWorkflows({ workflowsPath }),
): Promise<Scene<State>> {
  checkOptions(options);
  const { workflowsPath, workflowBundle, args = [], workflowId = 'explored', activities, searchAttributes } = options;
  const workflowType = typeof workflow === 'string' ? workflow : workflow.name;
  const bundle = workflowBundle === undefined ? await makeBundle(workflowsPath as string) : 'bundle' in workflowBundle ? workflowBundle.bundle : workflowBundle;
  if (!bundle.workflowTypes.includes(workflowType)) {
    throw new ExploreOptionError('workflow', `names "${workflowType}", which is not among the workflows of the bundle: ${bundle.workflowTypes.join(', ')}`);
  }
  return {
    // Its fingerprint is not to be made thousands of times.
    start: { workflowId, workflowType, args: args.map(asJson), requestFingerprint: 'explored' },
    messages: (options.signals ?? []).map(sentMessage),
    state: options.state,
    services: ({ state, now }) => new SimulatedServices({ state, activities, now }),
    localActivities: options.localActivities ?? {},
    invariant: options.invariant,
    sandboxes: new SandboxPool(bundle),
    carefulSandboxes: new SandboxPool(bundle, CODE_STOPS_AFTER_MS),
    // Code that gives another input when it is replayed is wrong, whether or not this run minds.
    engine: { driftIsIncident: true, ...(searchAttributes === undefined ? {} : { searchAttributes }) },
    allowsIncidents: options.incidents === 'judge',
    stepsMax: options.stepsMax ?? DEFAULT_STEPS_MAX,
    simulatedTimeMaxMs: options.simulatedTimeMaxMs ?? DEFAULT_SIMULATED_TIME_MAX_MS,
  };
}

function sentMessage(message: ExploreMessage): SentMessage {
  const atMs = message.atMs === undefined ? {} : { atMs: message.atMs };
  if ('cancel' in message) {
    return { cancel: true, ...(message.reason === undefined ? {} : { reason: message.reason }), ...atMs };
  }
  const { signal, args = [] } = message;
  return { signal: typeof signal === 'string' ? signal : signal.name, args: args.map((arg): JsonValue => asJson(arg)), ...atMs };
}

function checkOptions<State extends object>({ workflowsPath, workflowBundle, seed, schedules, stepsMax, simulatedTimeMaxMs, faults = [], signals = [], replay }: ExploreOptions<State>): void {
  if ((workflowsPath === undefined) === (workflowBundle === undefined)) {
    throw new ExploreOptionError('workflowsPath', 'or workflowBundle must be given, and not both');
  }
  const numbers = [
    ['seed', seed, 0],
    ['schedules', schedules, 0],
    ['stepsMax', stepsMax, 1],
    ['simulatedTimeMaxMs', simulatedTimeMaxMs, 1],
    ['replay', typeof replay === 'number' ? replay : undefined, 0],
  ] as const;
  for (const [name, value, min] of numbers) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= min)) {
      throw new ExploreOptionError(name, `must be a whole number of at least ${min}`);
    }
  }
  for (const fault of faults) {
    if (!isFaultKind(fault)) {
      throw new ExploreOptionError('faults', `names "${String(fault)}", which is none`);
    }
  }
  for (const { atMs = 0 } of signals) {
    if (!(atMs >= 0)) {
      throw new ExploreOptionError('signals', 'has an atMs below 0');
    }
  }
}
