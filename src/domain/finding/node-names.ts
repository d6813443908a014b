import { formatCount } from '../figures.ts';

const MAX_NAMES = 3;

/** Names nodes, or counts them if they are many. */
export const describeNodes = (names: readonly string[]): string =>
  names.length <= MAX_NAMES ? names.join(', ') : formatCount(names.length, 'node');
