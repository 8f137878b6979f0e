import { ListFilterInvalidError } from '@backstitch/protocol';
import { EmbeddedActionsParser, EOF, Lexer, tokenLabel, type IParserErrorMessageProvider, type IToken, type TokenType } from 'chevrotain';
import { TOKEN_TYPES, TOKENS } from './filter-tokens.js';
import type { ComparisonOperator, FilterAttribute, FilterCondition, FilterValue, ListFilter } from './list-filter.js';

/** Reads a list filter. An empty one asks for nothing. @throws ListFilterInvalidError names the position and what was expected there */
export function parseListFilter(text: string): ListFilter {
  lexer ??= new Lexer(TOKEN_TYPES);
  const { tokens, errors } = lexer.tokenize(text);
  const [lexicalError] = errors;
  if (lexicalError !== undefined) {
    throw new ListFilterInvalidError(lexicalError.offset, 'an attribute, a word of the filter language, a number or a text in quotes');
  }
  refuseDepth(tokens);
  parser ??= new FilterParser();
  parser.input = tokens;
  const filter = parser.filter();
  const [error] = parser.errors;
  if (error !== undefined) {
    const position = error.token.tokenType === EOF ? text.length : error.token.startOffset;
    throw new ListFilterInvalidError(position, error.message);
  }
  return filter;
}

/** Parentheses within each other; each is some calls deep for the parser. */
const DEPTH_MAX = 100;

function refuseDepth(tokens: readonly IToken[]): void {
  let depth = 0;
  for (const { tokenType, startOffset } of tokens) {
    depth += tokenType === TOKENS.open ? 1 : tokenType === TOKENS.close ? -1 : 0;
    if (depth > DEPTH_MAX) throw new ListFilterInvalidError(startOffset, `at most ${DEPTH_MAX} parentheses within each other`);
  }
}

let lexer: Lexer | undefined;
let parser: FilterParser | undefined;

/** Each message is what was expected, to stand behind the position. */
const EXPECTATIONS: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
  buildNotAllInputParsedMessage: () => 'AND, OR, GROUP BY, ORDER BY or the end',
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => oneOf(expectedPathsPerAlt.flat()),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => oneOf(expectedIterationPaths),
};

function oneOf(paths: readonly TokenType[][]): string {
  const labels = [...new Set(paths.flatMap(([first]) => (first === undefined ? [] : [tokenLabel(first)])))];
  return labels.length < 2 ? (labels[0] ?? 'the end') : `${labels.slice(0, -1).join(', ')} or ${labels.at(-1) ?? ''}`;
}

/**
 * The grammar:
 * filter := [disjunction] [GROUP BY attribute] [ORDER BY attribute [ASC | DESC]] · disjunction := conjunction {OR conjunction} ·
 * conjunction := negation {AND negation} · negation := [NOT] (`(` disjunction `)` | comparison) ·
 * comparison := attribute (operator value | [NOT] IN (value, …) | [NOT] BETWEEN value AND value | [NOT] STARTS_WITH text | IS [NOT] NULL)
 */
class FilterParser extends EmbeddedActionsParser {
  constructor() {
    super(TOKEN_TYPES, { errorMessageProvider: EXPECTATIONS, recoveryEnabled: false });
    this.performSelfAnalysis();
  }

  readonly filter = this.RULE('filter', (): ListFilter => {
    const filter: ListFilter = {};
    this.OPTION(() => (filter.condition = this.SUBRULE(this.disjunction)));
    this.OPTION1(() => {
      this.CONSUME(TOKENS.groupBy);
      filter.groupBy = this.SUBRULE(this.attribute);
    });
    this.OPTION2(() => {
      this.CONSUME(TOKENS.orderBy);
      const attribute = this.SUBRULE1(this.attribute);
      let direction: 'asc' | 'desc' = 'asc';
      this.OPTION3(() =>
        this.OR([
          { ALT: () => this.CONSUME(TOKENS.asc) },
          {
            ALT: () => {
              this.CONSUME(TOKENS.desc);
              direction = 'desc';
            },
          },
        ]),
      );
      filter.orderBy = { ...attribute, direction };
    });
    return filter;
  });

  private readonly disjunction = this.RULE('disjunction', (): FilterCondition => {
    const parts = [this.SUBRULE(this.conjunction)];
    this.MANY(() => {
      this.CONSUME(TOKENS.or);
      parts.push(this.SUBRULE1(this.conjunction));
    });
    return parts.length === 1 ? (parts[0] as FilterCondition) : { type: 'or', parts };
  });

  private readonly conjunction = this.RULE('conjunction', (): FilterCondition => {
    const parts = [this.SUBRULE(this.negation)];
    this.MANY(() => {
      this.CONSUME(TOKENS.and);
      parts.push(this.SUBRULE1(this.negation));
    });
    return parts.length === 1 ? (parts[0] as FilterCondition) : { type: 'and', parts };
  });

  private readonly negation = this.RULE('negation', (): FilterCondition => {
    const negation = this.OPTION(() => this.CONSUME(TOKENS.not));
    const part = this.OR([
      {
        ALT: () => {
          this.CONSUME(TOKENS.open);
          const inner = this.SUBRULE(this.disjunction);
          this.CONSUME(TOKENS.close);
          return inner;
        },
      },
      { ALT: () => this.SUBRULE(this.comparison) },
    ]);
    return negation === undefined ? part : { type: 'not', part };
  });

  private readonly comparison = this.RULE('comparison', (): FilterCondition => {
    const attribute = this.SUBRULE(this.attribute);
    return this.OR([
      {
        ALT: () => {
          const operator = this.CONSUME(TOKENS.operator);
          const value = this.SUBRULE(this.value);
          return { type: 'compare', attribute, operator: (operator.image === '<>' ? '!=' : operator.image) as ComparisonOperator, value };
        },
      },
      {
        ALT: () => {
          this.CONSUME(TOKENS.is);
          const negation = this.OPTION(() => this.CONSUME(TOKENS.not));
          this.CONSUME(TOKENS.null);
          const part: FilterCondition = { type: 'isNull', attribute };
          return negation === undefined ? part : { type: 'not', part };
        },
      },
      {
        ALT: () => {
          const negation = this.OPTION1(() => this.CONSUME1(TOKENS.not));
          const part = this.SUBRULE(this.range, { ARGS: [attribute] });
          return negation === undefined ? part : { type: 'not', part };
        },
      },
    ]);
  });

  private readonly range = this.RULE('range', (attribute: FilterAttribute): FilterCondition =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(TOKENS.in);
          this.CONSUME(TOKENS.open);
          const values: FilterValue[] = [];
          this.AT_LEAST_ONE_SEP({ SEP: TOKENS.comma, DEF: () => values.push(this.SUBRULE(this.value)) });
          this.CONSUME(TOKENS.close);
          return { type: 'in', attribute, values };
        },
      },
      {
        ALT: () => {
          this.CONSUME(TOKENS.between);
          const from = this.SUBRULE1(this.value);
          this.CONSUME(TOKENS.and);
          return { type: 'between', attribute, from, to: this.SUBRULE2(this.value) };
        },
      },
      {
        ALT: () => {
          this.CONSUME(TOKENS.startsWith);
          return { type: 'startsWith', attribute, prefix: this.SUBRULE3(this.value) };
        },
      },
    ]),
  );

  private readonly attribute = this.RULE('attribute', (): FilterAttribute => {
    const token = this.OR([{ ALT: () => this.CONSUME(TOKENS.identifier) }, { ALT: () => this.CONSUME(TOKENS.quotedIdentifier) }]);
    return { name: this.ACTION(() => token.image.replaceAll('`', '')), position: token.startOffset };
  });

  private readonly value = this.RULE('value', (): FilterValue =>
    this.OR([
      { ALT: () => this.valueAt(this.CONSUME(TOKENS.text), unquoted) },
      { ALT: () => this.valueAt(this.CONSUME(TOKENS.number), Number) },
      { ALT: () => this.valueAt(this.CONSUME(TOKENS.true), () => true) },
      { ALT: () => this.valueAt(this.CONSUME(TOKENS.false), () => false) },
    ]),
  );

  private valueAt(token: IToken, read: (image: string) => string | number | boolean): FilterValue {
    return this.ACTION(() => ({ value: read(token.image), position: token.startOffset }));
  }
}

/** A quote within is doubled, or stands behind a backslash. */
function unquoted(image: string): string {
  const quote = image.charAt(0);
  return image.slice(1, -1).replaceAll(quote + quote, quote).replaceAll(/\\(.)/gs, '$1');
}
