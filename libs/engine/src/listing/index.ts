/** List filters: conditions that runs are listed and counted by. Temporal's language. */
export type { ComparisonOperator, FilterAttribute, FilterCondition, FilterValue, ListFilter } from './list-filter.js';
export { parseListFilter } from './parse-list-filter.js';
export { filterMatches, type ListedRun } from './filter-matches.js';
export { readSearchAttribute, refuseOnList, statusName, SYSTEM_ATTRIBUTE_READERS, withoutNul, type SystemAttributeName } from './attribute-values.js';
