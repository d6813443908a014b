import { invalid, quote } from './errors.ts';
import { MEASURES, type MeasureName } from './measure.ts';
import { findLikely } from './suggest.ts';

/** The documented values, which every sample has, GPU excepted. */
export const USAGE_FIELDS = ['cpu_usage', 'memory_usage_mb', 'gpu_usage'] as const;
export type UsageField = (typeof USAGE_FIELDS)[number];

/** Something that readings can be asked for, by its name on the wire. */
export type FieldName = UsageField | MeasureName;

export const FIELD_NAMES: readonly FieldName[] = [...USAGE_FIELDS, ...MEASURES.keys()];

/** The measures of single GPUs. */
export const GPU_FIELDS: readonly MeasureName[] = [...MEASURES.values()]
  .filter((measure) => measure.of === 'gpu')
  .map(({ name }) => name as MeasureName);

const KNOWN: ReadonlySet<string> = new Set(FIELD_NAMES);
const isField = (name: string): name is FieldName => KNOWN.has(name);
const isGpuField = (name: string): boolean => (GPU_FIELDS as readonly string[]).includes(name);

/** Returns the fields that readings have when nobody chooses. */
export const defaultFields = (by?: 'gpu'): readonly FieldName[] => (by === 'gpu' ? GPU_FIELDS : USAGE_FIELDS);

/**
 * Checks chosen fields, and returns each once. Throws `validation_error` for an unknown name, and with one
 * row for each GPU for what is not measured of single GPUs.
 */
export function chooseFields(names: readonly string[], by?: 'gpu'): readonly FieldName[] {
  const fields: FieldName[] = [];
  for (const name of new Set(names)) {
    if (!isField(name)) throw unknownField(name);
    if (by === 'gpu' && !isGpuField(name)) {
      throw invalid(
        `${name} is measured of the job on a node, not of single GPUs: by=gpu has ${GPU_FIELDS.join(', ')}.`,
      );
    }
    fields.push(name);
  }
  return fields;
}

function unknownField(name: string): Error {
  const likely = findLikely(name, FIELD_NAMES);
  const known = likely ?? `${USAGE_FIELDS.join(', ')}, or a name in docs/measures.md`;
  return invalid(
    `fields has ${quote(name)}, which is not a field${likely ? '; write' : ': it takes'} ${known}.`,
  );
}

/** Returns the numbers of the further measures among some fields, in their order. */
export function codesOf(fields: readonly FieldName[]): number[] {
  return fields.flatMap((name) => MEASURES.get(name as MeasureName)?.code ?? []);
}
