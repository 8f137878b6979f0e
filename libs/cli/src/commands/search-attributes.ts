import type { ControlInfo, JsonValue, SearchAttributes, SearchAttributeValue } from '@backstitch/protocol';
import type { Caller } from './call.js';

/** Search attributes from the command line, each read as the type that the orchestrator declares for it: `CustomerId=17850` is a text where the attribute is a Keyword. */
export async function readSearchAttributes({ get }: Caller, given: Record<string, string[]> | undefined): Promise<SearchAttributes | undefined> {
  if (given === undefined) return undefined;
  const { searchAttributes: types } = await get<ControlInfo>('/info');
  return Object.fromEntries(Object.entries(given).map(([name, texts]) => [name, texts.flatMap((text) => valuesOf(text, types[name]))]));
}

function valuesOf(text: string, type: string | undefined): SearchAttributeValue[] {
  switch (type) {
    case 'Keyword':
    case 'Datetime':
      return [text];
    case 'KeywordList': {
      const list = parsed(text);
      return Array.isArray(list) ? (list as SearchAttributeValue[]) : [text];
    }
    default: {
      // A list, a number, a boolean; what is none of these is a text, which the orchestrator may refuse.
      const value = parsed(text);
      return (Array.isArray(value) ? value : [value]) as SearchAttributeValue[];
    }
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
