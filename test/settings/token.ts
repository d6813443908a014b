import type { Setting } from '../../src/settings/setting.ts';

/** A secret setting; the product has none yet. */
export const TOKEN = {
  name: 'api-token',
  takes: 'TEXT',
  otherwise: 'none',
  help: 'The token',
  expects: 'at least 8 characters',
  parse: (text: string) => (text === 'none' ? null : text.length >= 8 ? text : undefined),
  isSecret: true,
} satisfies Setting<string | null>;
