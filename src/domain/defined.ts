/** The fields of an object, where a field may be undefined as well as absent. */
export type Maybe<Whole> = { readonly [Key in keyof Required<Whole>]?: Whole[Key] | undefined };

/**
 * Returns the fields that have a value, because an unknown field is absent everywhere and never undefined.
 */
export function defined<Whole extends object>(fields: Maybe<Whole>): Whole {
  const kept: Record<string, unknown> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept as Whole;
}
