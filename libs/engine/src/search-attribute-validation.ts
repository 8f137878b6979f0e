import {
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  type SearchAttributeDefinitions,
  type SearchAttributes,
  type SearchAttributeType,
  type SearchAttributeValue,
} from '@backstitch/protocol';

/** A keyword is indexed: longer ones do not fit an index page of the database. */
const KEYWORD_LENGTH_MAX = 1_000;
/** Each keyword of a list is an entry of its index. */
const KEYWORDS_MAX = 100;

/**
 * Compares search attributes with the definitions of the deployment.
 * @throws SearchAttributeUnknownError, SearchAttributeInvalidError
 */
export function validateSearchAttributes(searchAttributes: SearchAttributes, definitions: SearchAttributeDefinitions): void {
  for (const [attribute, values] of Object.entries(searchAttributes)) {
    const type = Object.hasOwn(definitions, attribute) ? definitions[attribute] : undefined;
    if (type === undefined) {
      throw new SearchAttributeUnknownError(attribute);
    }
    // The author may have written past the types.
    const [valuesMax, count] = type === 'KeywordList' ? [KEYWORDS_MAX, `${KEYWORDS_MAX}`] : [1, 'one'];
    if (!Array.isArray(values) || values.length > valuesMax || !values.every((value) => isOfType(value, type))) {
      throw new SearchAttributeInvalidError(attribute, `a list of at most ${count} ${DESCRIPTION[type]}`);
    }
  }
}

/** The attributes after a change: each named one is replaced, `[]` removes it. */
export function mergeSearchAttributes(current: SearchAttributes, changes: SearchAttributes): SearchAttributes {
  return Object.fromEntries(Object.entries({ ...current, ...changes }).filter(([, values]) => values.length > 0));
}

const DESCRIPTION: Record<SearchAttributeType, string> = {
  Keyword: `string of at most ${KEYWORD_LENGTH_MAX} characters`,
  KeywordList: `strings of at most ${KEYWORD_LENGTH_MAX} characters`,
  Int: 'safe whole number',
  Double: 'finite number',
  Bool: 'true or false',
  Datetime: 'time in UTC as an ISO 8601 string, e.g. 2026-01-01T00:00:00.000Z',
};

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z$/;

function isOfType(value: SearchAttributeValue, type: SearchAttributeType): boolean {
  switch (type) {
    case 'Keyword':
    case 'KeywordList':
      return typeof value === 'string' && value.length <= KEYWORD_LENGTH_MAX;
    case 'Int':
      return Number.isSafeInteger(value);
    case 'Double':
      return typeof value === 'number' && Number.isFinite(value);
    case 'Bool':
      return typeof value === 'boolean';
    case 'Datetime':
      return typeof value === 'string' && ISO_UTC.test(value) && !Number.isNaN(Date.parse(value));
    default: {
      const never: never = type;
      return never;
    }
  }
}
