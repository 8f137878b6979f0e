import { readSearchAttribute, refuseOnList, withoutNul, type ComparisonOperator, type FilterAttribute, type FilterCondition, type FilterValue } from '@backstitch/engine/list-filter';
import { ListFilterInvalidError, type SearchAttributeDefinitions, type SearchAttributeType } from '@backstitch/protocol';
import { attributeExpression, attributeIndexCondition, listExpression } from '../store/search-attribute-indexes.js';
import { SYSTEM_ATTRIBUTES, type SystemAttribute } from './system-attributes.js';

/** A condition on `execution e`, with its parameters. */
export interface FilterSql {
  text: string;
  values: unknown[];
}

/**
 * The SQL of a condition. Nothing of the filter's text gets into it: attributes are known ones, values are parameters from `$firstParameter` on.
 * @throws ListFilterInvalidError for an attribute that nobody declared, and a value or operator that does not fit it
 */
export function listFilterSql(condition: FilterCondition | undefined, definitions: SearchAttributeDefinitions, firstParameter = 1): FilterSql {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${firstParameter - 1 + values.push(value)}`;
  return { text: condition === undefined ? 'true' : new SqlWriter(definitions, parameter).write(condition), values };
}

/** How an attribute is compared: its SQL, the type that its parameters are cast to, and how a value of a filter becomes one. */
interface Operand {
  sql: string;
  type: string;
  /** Must stand beside a comparison for its index to be used. */
  beside?: string;
  /** SQL of its text, for STARTS_WITH. */
  textSql?: string;
  read: (value: FilterValue) => unknown;
  /** In place of `sql = value`, where an index needs it. */
  equals?: (parameter: string) => string;
  /** Set for a list, which is compared value by value: what it is called in a filter. */
  list?: FilterAttribute;
}

class SqlWriter {
  constructor(
    private readonly definitions: SearchAttributeDefinitions,
    private readonly parameter: (value: unknown) => string,
  ) {}

  write(condition: FilterCondition): string {
    switch (condition.type) {
      case 'and':
      case 'or':
        return `(${condition.parts.map((part) => this.write(part)).join(condition.type === 'and' ? ' AND ' : ' OR ')})`;
      case 'not':
        // What is unknown, since a run has not got the attribute, counts as false.
        return `((${this.write(condition.part)}) IS NOT TRUE)`;
      case 'isNull':
        return `(${this.operandOf(condition.attribute).sql} IS NULL)`;
      case 'compare':
        return this.compare(this.operandOf(condition.attribute), condition.operator, condition.value);
      case 'in': {
        const operand = this.operandOf(condition.attribute);
        return `(${condition.values.map((value) => this.compare(operand, '=', value)).join(' OR ')})`;
      }
      case 'between': {
        const operand = this.operandOf(condition.attribute);
        return `(${this.compare(operand, '>=', condition.from)} AND ${this.compare(operand, '<=', condition.to)})`;
      }
      case 'startsWith':
        return this.startsWith(condition.attribute, condition.prefix);
      default:
        return condition satisfies never;
    }
  }

  private compare(operand: Operand, operator: ComparisonOperator, value: FilterValue): string {
    const read = operand.read(value);
    if (read === undefined) {
      // No run can have that value.
      return operator === '!=' ? 'true' : 'false';
    }
    const parameter = `${this.parameter(read)}::${operand.type}`;
    if (operand.list !== undefined) {
      const has = `(${operand.sql} @> ${parameter} AND ${operand.sql} IS NOT NULL)`;
      return operator === '=' ? has : operator === '!=' ? `(${has} IS NOT TRUE)` : refuseOnList(operand.list);
    }
    if (operator === '=' && operand.equals !== undefined) return operand.equals(parameter);
    if (operator === '!=') return `(${operand.sql} IS DISTINCT FROM ${parameter})`;
    return `(${operand.sql} ${operator} ${parameter}${operand.beside === undefined ? '' : ` AND ${operand.beside}`})`;
  }

  private startsWith(attribute: FilterAttribute, prefix: FilterValue): string {
    const { textSql } = this.operandOf(attribute);
    if (textSql === undefined) throw new ListFilterInvalidError(attribute.position, 'an attribute of type Keyword, since STARTS_WITH is asked for');
    if (typeof prefix.value !== 'string') throw new ListFilterInvalidError(prefix.position, 'a text in quotes');
    return `starts_with(${textSql}, ${this.parameter(withoutNul(prefix))}::text)`;
  }

  private operandOf({ name, position }: FilterAttribute): Operand {
    // What a deployment declares goes before the system's own.
    const type = Object.hasOwn(this.definitions, name) ? this.definitions[name] : undefined;
    if (type === 'KeywordList') return listOperand({ name, position });
    if (type !== undefined) return customOperand(name, type);
    const system = Object.hasOwn(SYSTEM_ATTRIBUTES, name) ? SYSTEM_ATTRIBUTES[name as keyof typeof SYSTEM_ATTRIBUTES] : undefined;
    if (system !== undefined) return systemOperand(system);
    throw new ListFilterInvalidError(position, `an attribute that is known here: ${[...Object.keys(this.definitions), ...Object.keys(SYSTEM_ATTRIBUTES)].join(', ')}`);
  }
}

function systemOperand(attribute: SystemAttribute): Operand {
  return attribute;
}

function listOperand(attribute: FilterAttribute): Operand {
  return { sql: listExpression(attribute.name), type: 'jsonb', list: attribute, read: (value) => JSON.stringify([readSearchAttribute('KeywordList', value)]) };
}

function customOperand(name: string, type: SearchAttributeType): Operand {
  return {
    sql: attributeExpression(name),
    type: 'jsonb',
    beside: attributeIndexCondition(name),
    ...(type === 'Keyword' && { textSql: `(${attributeExpression(name)} #>> '{}')` }),
    read: (value) => JSON.stringify(readSearchAttribute(type, value)),
  };
}
