import { MERGED_DETAILS } from '../../domain/detail.ts';
import type { Field, Origin, Provenance } from '../../domain/trust.ts';

// The origins of the fields of a run, as `detail.sources` and `past_run.run` store them: the letter of each
// origin, then the letters of its fields, such as `HunJbs`. Letters are never used again for another origin
// or field.

const FIELD_LETTERS: ReadonlyMap<Field, string> = new Map<Field, string>([
  ['user', 'u'],
  ['nodes', 'n'],
  ['startTimeMs', 'b'],
  ...MERGED_DETAILS.map(({ key, letter }) => [key, letter] as const),
]);
const ORIGIN_LETTERS: Readonly<Record<Origin, string>> = {
  api: 'A',
  clock: 'C',
  hook: 'H',
  jobcomp: 'J',
  squeue: 'Q',
  sacct: 'S',
  absence: 'X',
};
const FIELDS = new Map([...FIELD_LETTERS].map(([field, letter]) => [letter, field]));
const ORIGINS = new Map(Object.entries(ORIGIN_LETTERS).map(([origin, letter]) => [letter, origin as Origin]));
/** Texts whose origins are remembered; most jobs have one of a few. */
const MAX_REMEMBERED = 1000;

type Origins = Provenance['fields'];

export function writeOrigins(origins: Origins): string {
  const texts = new Map<Origin, string>();
  for (const field in origins) {
    const origin = origins[field as Field]!;
    texts.set(origin, (texts.get(origin) ?? ORIGIN_LETTERS[origin]) + FIELD_LETTERS.get(field as Field));
  }
  return [...texts.values()].sort().join('');
}

const remembered = new Map<string, Origins>();

/** Reads what `writeOrigins` wrote; letters that it does not know are left out. */
export function readOrigins(text: string): Origins {
  const origins = remembered.get(text) ?? parseOrigins(text);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(text, origins);
  return origins;
}

function parseOrigins(text: string): Origins {
  const origins: Partial<Record<Field, Origin>> = {};
  for (const [, letter, fields] of text.matchAll(/([A-Z])([a-z]*)/g)) {
    const origin = ORIGINS.get(letter!);
    if (!origin) continue;
    for (const one of fields!) {
      const field = FIELDS.get(one);
      if (field) origins[field] = origin;
    }
  }
  return origins;
}
