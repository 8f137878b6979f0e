/** A value as it stands in a filter. */
export interface FilterValue {
  value: string | number | boolean;
  position: number;
}

/** An attribute as it stands in a filter. */
export interface FilterAttribute {
  name: string;
  position: number;
}

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What a filter asks of a run. A comparison with an attribute that a run has not got is false; its negation is true. */
export type FilterCondition =
  | { type: 'and' | 'or'; parts: FilterCondition[] }
  | { type: 'not'; part: FilterCondition }
  | { type: 'compare'; attribute: FilterAttribute; operator: ComparisonOperator; value: FilterValue }
  | { type: 'in'; attribute: FilterAttribute; values: FilterValue[] }
  | { type: 'between'; attribute: FilterAttribute; from: FilterValue; to: FilterValue }
  | { type: 'startsWith'; attribute: FilterAttribute; prefix: FilterValue }
  | { type: 'isNull'; attribute: FilterAttribute };

/** A list filter as it was read: `<condition> [GROUP BY <attribute>] [ORDER BY <attribute> [ASC | DESC]]`, each part optional. */
export interface ListFilter {
  condition?: FilterCondition;
  groupBy?: FilterAttribute;
  orderBy?: FilterAttribute & { direction: 'asc' | 'desc' };
}
