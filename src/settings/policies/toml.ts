import { getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';

/** A TOML file as values, and the line of each of its keys and tables. */
export interface TomlFile {
  readonly value: Readonly<Record<string, unknown>>;
  /** Returns the line of a key, or of the nearest table around it; 1 if there is none. */
  lineOf(path: readonly string[]): number;
}

/** The line and the fault of a text that is not TOML. */
export interface TomlFault {
  readonly line: number;
  readonly fault: string;
}

type Parsed = ReturnType<typeof parseTOML>;
type Table = Extract<Parsed['body'][0]['body'][number], { type: 'TOMLTable' }>;
type KeyValue = Extract<Parsed['body'][0]['body'][number], { type: 'TOMLKeyValue' }>;

/** Reads TOML with the places of its keys, which Bun's own parser does not tell. */
export function readTomlFile(text: string): TomlFile | TomlFault {
  let parsed: Parsed;
  try {
    parsed = parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { line: error.lineNumber, fault: error.message };
  }
  const lines = new Map<string, number>();
  const keyOf = (path: readonly (string | number)[]) => JSON.stringify(path.map(String));
  function addKey(under: readonly (string | number)[], { key, loc, value }: KeyValue): void {
    const path = [...under, ...key.keys.map((part) => ('name' in part ? part.name : part.value))];
    lines.set(keyOf(path), loc.start.line);
    if (value.type === 'TOMLInlineTable') for (const inner of value.body) addKey(path, inner);
  }
  for (const part of parsed.body[0].body) {
    if (part.type === 'TOMLKeyValue') addKey([], part);
    else {
      const table: Table = part;
      lines.set(keyOf(table.resolvedKey), table.loc.start.line);
      for (const one of table.body) addKey(table.resolvedKey, one);
    }
  }
  return {
    value: getStaticTOMLValue(parsed) as Record<string, unknown>,
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const line = lines.get(keyOf(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
  };
}
