/** Types that a search attribute can be declared with. Temporal's names. A `KeywordList` has any number of values, and is found by each. */
export type SearchAttributeType = 'Keyword' | 'KeywordList' | 'Int' | 'Double' | 'Bool' | 'Datetime';

/** One value of a search attribute. A `Datetime` is an ISO 8601 string in UTC. */
export type SearchAttributeValue = string | number | boolean;

/** A run's search attributes: each an array, as in Temporal; `[]` removes one. */
export type SearchAttributes = Record<string, SearchAttributeValue[]>;

/** Which attributes a deployment knows, and of which type. Others are refused. */
export type SearchAttributeDefinitions = Record<string, SearchAttributeType>;
