import { parseArgs } from 'node:util';
import { UsageError } from '../domain/errors.ts';
import { findLikely } from './suggest.ts';

/** What a flag takes: a text, or nothing, as a switch. */
export type FlagKinds = Readonly<Record<string, 'text' | 'switch'>>;

export interface TakenFlags {
  /** The value of each flag that was given, the last one where there are several; '' for a switch. */
  readonly flags: ReadonlyMap<string, string>;
  /** All other arguments, in their order. */
  readonly rest: readonly string[];
}

/** Takes the flags of one command out of its arguments. UsageError for one without its value. */
export function takeFlags(args: readonly string[], kinds: FlagKinds): TakenFlags {
  const flags = new Map<string, string>();
  const taken = new Set<number>();
  for (const token of readTokens(args, kinds)) {
    if (token.kind !== 'option' || !Object.hasOwn(kinds, token.name)) continue;
    const needsValue = kinds[token.name] === 'text';
    if (needsValue && token.value === undefined) throw new UsageError(`${token.rawName} needs a value.`);
    if (!needsValue && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
    flags.set(token.name, token.value ?? '');
    taken.add(token.index);
    if (needsValue && !token.inlineValue) taken.add(token.index + 1);
  }
  return { flags, rest: args.filter((_, index) => !taken.has(index)) };
}

export type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

/** Arguments as Node reads them, those that nobody knows included. */
export function readTokens(args: readonly string[], kinds: FlagKinds): Token[] {
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      { type: kind === 'text' ? 'string' : 'boolean' } as const,
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens;
}

/** Leaves out the word behind an unknown flag: it is most likely its value, and to name it as well says nothing new. */
export function dropStrayValues(tokens: readonly Token[], isKnown: (flag: string) => boolean): Token[] {
  return tokens.filter((token, index) => {
    const before = tokens[index - 1];
    const isStray = before?.kind === 'option' && before.value === undefined && !isKnown(before.name);
    return !(token.kind === 'positional' && isStray);
  });
}

/** The sentence about a flag that a command does not have, with the one that was most likely meant. */
export function describeUnknownFlag(rawName: string, known: readonly string[]): string {
  const likely = findLikely(
    rawName,
    known.map((name) => `--${name}`),
  );
  return `${rawName} is not a known flag${likely ? `. Did you mean ${likely}?` : '; see --help.'}`;
}
