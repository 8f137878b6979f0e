const EXTENSIONS = '{ts,mts,cts,tsx,js,mjs,cjs,jsx}';

/** Where workflow code mostly is: give it as `files` to the recommended configuration, or say where yours is. */
export const workflowFiles = [
  `**/workflows/**/*.${EXTENSIONS}`,
  `**/workflows.${EXTENSIONS}`,
  `**/*.workflow.${EXTENSIONS}`,
  `**/*.workflows.${EXTENSIONS}`,
  `**/*-workflow.${EXTENSIONS}`,
  `**/*-workflows.${EXTENSIONS}`,
];

/** Tests, which are no workflow code though they lie beside it: give it as `ignores`. */
export const testFiles = [`**/*.{spec,test}.${EXTENSIONS}`, `**/__tests__/**`];
