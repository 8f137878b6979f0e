import { AUTHORING_MODULES, matchesModule } from '../sandbox/modules.mjs';

/** @typedef {import('../types.mjs').Context} Context */

/**
 * What a project says once for all rules, as `settings: { backstitch: { … } }`.
 * @typedef {object} BackstitchSettings
 * @property {string[]} [workflowModules] modules of a project's own that workflow code may await what it gets from: helpers built on the authoring API
 */

/**
 * @param {Context} context
 * @returns {BackstitchSettings}
 */
export function settingsOf(context) {
  return /** @type {{ backstitch?: BackstitchSettings }} */ (context.settings).backstitch ?? {};
}

/**
 * Whether a module is the authoring API.
 * @param {string} specifier
 */
export function isAuthoringModule(specifier) {
  return AUTHORING_MODULES.includes(specifier) || /^@temporalio\/(workflow|common)\/lib\//.test(specifier);
}

/**
 * Whether a module is made for workflow code.
 * @param {Context} context
 * @param {string} specifier
 */
export function isWorkflowModule(context, specifier) {
  return isAuthoringModule(specifier) || matchesModule(specifier, settingsOf(context).workflowModules ?? []);
}
