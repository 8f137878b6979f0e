/**
 * What a rule's `meta.docs` says. The address is of the page that came with the installed version.
 * @param {string} name of the rule
 * @param {string} description
 */
export function documentation(name, description) {
  return { description, url: new URL(`../../docs/${name}.md`, import.meta.url).href };
}
