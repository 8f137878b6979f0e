import type { WorkflowBundle } from '@backstitch/sandbox';
import type { DataConverter } from '@backstitch/protocol/payloads';
import type { WorkerInterceptors } from './activity-interceptors.js';
import type { InjectedSinks } from './injected-sinks.js';

export interface WorkerOptions {
  /** `environment.nativeConnection`. Default: the environment that was made last. */
  connection?: unknown;
  taskQueue: string;
  /** The module that exports the workflow functions. */
  workflowsPath?: string;
  /** In place of `workflowsPath`: what `bundleWorkflowCode` made, its `code`, or the path of a file with that. Interceptors of workflows and a payload converter must have been bundled with it. */
  workflowBundle?: WorkflowBundle | { bundle: WorkflowBundle } | { code: string } | { codePath: string };
  /** Functions by activity type. */
  activities?: object;
  /** Functions that workflow code calls by `proxySinks`, by sink and name. */
  sinks?: InjectedSinks;
  interceptors?: WorkerInterceptors;
  /** A payload converter and codecs of one's own. The environment's client needs the same. */
  dataConverter?: DataConverter;
  bundlerOptions?: { ignoreModules?: readonly string[] } & Record<string, unknown>;
  /** Each may change the options before anything is made of them, the first one first. */
  plugins?: readonly WorkerPlugin[];
  identity?: string;
  namespace?: string;
  buildId?: string;
  /** Taken and not used, as is every other option of Temporal's worker: there are no pollers, slots and threads to be tuned. */
  maxCachedWorkflows?: number;
  [other: string]: unknown;
}

export interface BundleOptions {
  workflowsPath: string;
  workflowInterceptorModules?: readonly string[];
  payloadConverterPath?: string;
  ignoreModules?: readonly string[];
  /** Each may change the options, the first one first. */
  plugins?: readonly WorkerPlugin[];
  /** Taken and not used. */
  [other: string]: unknown;
}

/** What a package adds to workers and bundles. Temporal's names. */
export interface WorkerPlugin {
  readonly name?: string;
  configureWorker?(options: WorkerOptions): WorkerOptions;
  configureBundler?(options: BundleOptions): BundleOptions;
}

/** The options after all their plugins. */
export function configuredWorker(options: WorkerOptions): WorkerOptions {
  return (options.plugins ?? []).reduce((configured, plugin) => plugin.configureWorker?.(configured) ?? configured, options);
}

/** The options after all their plugins. */
export function configuredBundle(options: BundleOptions): BundleOptions {
  return (options.plugins ?? []).reduce((configured, plugin) => plugin.configureBundler?.(configured) ?? configured, options);
}
