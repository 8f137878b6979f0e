/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {import('../types.mjs').Context} Context */
/** @typedef {import('typescript').Type} Type */

/**
 * What the compiler knows, as far as rules ask for it. Only where the linted project gives its parser type information; the rules work without.
 * @typedef {object} TypeInformation
 * @property {(node: Node) => boolean | undefined} isThenable whether a value can be awaited for something; undefined where it is `any` or `unknown`
 * @property {(node: Node) => 'activity' | 'localActivity' | undefined} activityKind of a function of proxyActivities or proxyLocalActivities
 * @property {(node: Node) => string[]} declaringFiles of the type of a value
 */

/** ts.TypeFlags.Any | Unknown; the compiler is not imported, so that the plugin does not need it. */
const ANY_OR_UNKNOWN = 1 | 2;

/**
 * @param {Context} context
 * @returns {TypeInformation | undefined}
 */
export function typeInformation(context) {
  const services = context.sourceCode.parserServices;
  if (services?.program == null || services.esTreeNodeToTSNodeMap === undefined) return undefined;
  const checker = services.program.getTypeChecker();
  const { esTreeNodeToTSNodeMap } = services;
  const typeAt = (/** @type {Node} */ node) => checker.getTypeAtLocation(esTreeNodeToTSNodeMap.get(node));
  const partsOf = (/** @type {Type} */ type) => (type.isUnion() ? type.types : [type]);
  return {
    isThenable(node) {
      const type = typeAt(node);
      if ((type.flags & ANY_OR_UNKNOWN) !== 0) return undefined;
      return partsOf(checker.getApparentType(type)).some((part) => part.getProperty('then') !== undefined);
    },
    activityKind(node) {
      const type = typeAt(node);
      const member = (type.flags & ANY_OR_UNKNOWN) === 0 ? type.getProperty('executeWithOptions') : undefined;
      const options = member === undefined ? undefined : checker.getTypeOfSymbol(member).getCallSignatures()[0]?.getParameters()[0];
      if (options === undefined) return undefined;
      const optionsType = checker.getTypeOfSymbol(options);
      return (optionsType.aliasSymbol ?? optionsType.getSymbol())?.getName().startsWith('Local') === true ? 'localActivity' : 'activity';
    },
    declaringFiles(node) {
      const type = typeAt(node);
      if ((type.flags & ANY_OR_UNKNOWN) !== 0) return [];
      const symbols = partsOf(type).flatMap((part) => part.getSymbol() ?? part.aliasSymbol ?? []);
      return symbols.flatMap((symbol) => (symbol.declarations ?? []).map((declaration) => declaration.getSourceFile().fileName));
    },
  };
}
