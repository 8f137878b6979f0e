/**
 * The schema of an option that lists texts.
 * @param {string} description
 * @returns {import('@typescript-eslint/utils').JSONSchema.JSONSchema4}
 */
export function listOfTexts(description) {
  return { type: 'array', items: { type: 'string' }, uniqueItems: true, description };
}

/**
 * The schema of a rule's options.
 * @param {Record<string, import('@typescript-eslint/utils').JSONSchema.JSONSchema4>} properties
 * @returns {import('@typescript-eslint/utils').JSONSchema.JSONSchema4[]}
 */
export function optionsSchema(properties) {
  return [{ type: 'object', properties, additionalProperties: false }];
}
