import { createToken, Lexer, type TokenType } from 'chevrotain';

const Identifier = createToken({ name: 'Identifier', label: 'an attribute', pattern: /[A-Za-z_][A-Za-z0-9_.]*/ });
const keyword = (word: string, pattern = new RegExp(word, 'i')): TokenType => createToken({ name: word, label: word, pattern, longer_alt: Identifier });

/** Everything that a list filter is written with. Words may be in any case. */
export const TOKENS = {
  whitespace: createToken({ name: 'Whitespace', pattern: /\s+/, group: Lexer.SKIPPED }),
  and: keyword('AND'),
  or: keyword('OR'),
  orderBy: createToken({ name: 'OrderBy', label: 'ORDER BY', pattern: /ORDER\s+BY/i, longer_alt: Identifier }),
  groupBy: createToken({ name: 'GroupBy', label: 'GROUP BY', pattern: /GROUP\s+BY/i, longer_alt: Identifier }),
  not: keyword('NOT'),
  in: keyword('IN'),
  is: keyword('IS'),
  null: keyword('NULL'),
  between: keyword('BETWEEN'),
  startsWith: keyword('STARTS_WITH'),
  asc: keyword('ASC'),
  desc: keyword('DESC'),
  true: keyword('TRUE'),
  false: keyword('FALSE'),
  identifier: Identifier,
  quotedIdentifier: createToken({ name: 'QuotedIdentifier', label: 'an attribute', pattern: /`[^`]+`/ }),
  text: createToken({ name: 'Text', label: 'a text in quotes', pattern: /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/ }),
  number: createToken({ name: 'Number', label: 'a number', pattern: /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/ }),
  operator: createToken({ name: 'Operator', label: 'an operator', pattern: /!=|<>|<=|>=|=|<|>/ }),
  open: createToken({ name: 'Open', label: '(', pattern: '(' }),
  close: createToken({ name: 'Close', label: ')', pattern: ')' }),
  comma: createToken({ name: 'Comma', label: ',', pattern: ',' }),
} as const;

// ORDER BY stands before OR, which is its beginning.
const { orderBy, ...others } = TOKENS;
export const TOKEN_TYPES: TokenType[] = [orderBy, ...Object.values(others)];
