/** The kinds of names that a filter can be completed with. */
export const NAME_KINDS = ['user', 'account', 'partition', 'node'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/** Most names in one answer: more than somebody looks through. */
export const MAX_NAMES = 20;
