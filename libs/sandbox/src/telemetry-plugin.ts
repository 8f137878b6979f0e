import type { Plugin } from 'esbuild';

const MODULES = String.raw`[\\/]interceptors-opentelemetry(-v2)?[\\/](src|lib)[\\/]workflow[\\/]`;
const IMPORTS = new RegExp(`${MODULES}workflow-imports\\.[jt]s$`);
const CLOCK = new RegExp(`${MODULES}performance-polyfill\\.[jt]s$`);

/** A clock for OpenTelemetry: the run's time. Modules are evaluated once a run, so it begins with the run. */
const CLOCK_OF_RUN = `globalThis.performance ??= { timeOrigin: Date.now(), now() { return Date.now() - this.timeOrigin; } };`;

/**
 * Temporal's interceptors for OpenTelemetry count on the bundler: they import the authoring API from a module of stand-ins, beside which the real thing lies, and they make
 * a clock for OpenTelemetry only where they find Temporal's own sandbox.
 */
export function telemetryPlugin(): Plugin {
  return {
    name: 'backstitch-telemetry',
    setup(build) {
      build.onLoad({ filter: IMPORTS }, () => ({ contents: "module.exports = require('./workflow-imports-impl');", loader: 'js' }));
      build.onLoad({ filter: CLOCK }, () => ({ contents: CLOCK_OF_RUN, loader: 'js' }));
    },
  };
}
