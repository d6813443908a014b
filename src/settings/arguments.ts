import { parseArgs } from 'node:util';
import { findLikely } from '../domain/suggest.ts';
import type { Faults } from './faults.ts';

/** A flag of one command, which is not a setting. */
interface Flag {
  /** The placeholder of its value in help texts; undefined for a switch. */
  readonly takes?: string;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export interface Arguments {
  /** The value of each given flag: the last one if it was repeated, or all of a list, with commas. */
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/**
 * `switch` takes no value; `boolean` is a switch that may
 * also be given as --name=false; `list` may be repeated.
 */
export type FlagKind = 'value' | 'list' | 'switch' | 'boolean';

/**
 * Reads the arguments of a command. `operands` are the
 * names of the words that must be given beside the flags; `[ID...]` may be any number of them.
 */
export function readArguments(
  args: readonly string[],
  known: ReadonlyMap<string, FlagKind>,
  operands: readonly string[],
  faults: Faults,
): Arguments {
  const flags = new Map<string, string>();
  const given: string[] = [];
  for (const token of dropStrayValues(readTokens(args, known), (name) => known.has(name))) {
    if (token.kind === 'positional') given.push(token.value);
    if (token.kind !== 'option') continue;
    const fault = findFault(token, known);
    if (fault !== undefined) faults.add(fault);
    else flags.set(token.name, textOf(token, known, flags));
  }
  const isOpen = operands.at(-1)?.endsWith('...]');
  if (given.length > operands.length && !isOpen) {
    // Not repeated, because it may be a secret.
    const expected =
      operands.length === 0
        ? 'flags are expected here'
        : `${operands.join(' and ')} is expected beside flags`;
    faults.add(`Only ${expected}; see --help.`);
  }
  const required = operands.filter((name) => !name.startsWith('['));
  for (const missing of required.slice(given.length)) faults.add(`${missing} is missing; see --help.`);
  return { flags, operands: given };
}

function textOf(
  { name, value = 'true' }: Extract<Token, { kind: 'option' }>,
  known: ReadonlyMap<string, FlagKind>,
  given: ReadonlyMap<string, string>,
): string {
  const before = known.get(name) === 'list' ? given.get(name) : undefined;
  return before === undefined ? value : `${before},${value}`;
}

function findFault(
  { name, rawName, value }: Extract<Token, { kind: 'option' }>,
  known: ReadonlyMap<string, FlagKind>,
): string | undefined {
  const kind = known.get(name);
  if (!kind) return describeUnknownFlag(rawName, [...known.keys()]);
  const needsValue = kind === 'value' || kind === 'list';
  if (needsValue && value === undefined) return `${rawName} needs a value.`;
  if (kind === 'switch' && value !== undefined) return `${rawName} takes no value.`;
  return undefined;
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

/** Splits arguments as Node does, unknown flags included. */
function readTokens(args: readonly string[], known: ReadonlyMap<string, FlagKind>): Token[] {
  const options = Object.fromEntries(
    [...known].map(([name, kind]) => [
      name,
      { type: kind === 'value' || kind === 'list' ? 'string' : 'boolean' } as const,
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens;
}

/** Leaves out the word after an unknown flag, which is most likely its value: one fault is enough. */
function dropStrayValues(tokens: readonly Token[], isKnown: (flag: string) => boolean): Token[] {
  return tokens.filter((token, index) => {
    const before = tokens[index - 1];
    const isStray = before?.kind === 'option' && before.value === undefined && !isKnown(before.name);
    return !(token.kind === 'positional' && isStray);
  });
}

function describeUnknownFlag(rawName: string, known: readonly string[]): string {
  const file = `${rawName.slice(2)}-file`;
  if (known.includes(file))
    return `${rawName} is not a flag, because others could read its value in the list of processes. Write it to a file and give --${file} FILE.`;
  const likely = findLikely(
    rawName,
    known.map((name) => `--${name}`),
  );
  return `${rawName} is not a known flag${likely ? `. Did you mean ${likely}?` : '; see --help.'}`;
}
