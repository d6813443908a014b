// Where the reader was in the list, kept in the entry of the history, so that back leads there.

const stateOf = (): { top?: unknown } => (history.state ?? {}) as { top?: unknown };

/** Returns the pixels above the view; 0 for a new entry. */
export function readScroll(): number {
  const { top } = stateOf();
  return typeof top === 'number' && top >= 0 ? top : 0;
}

export function saveScroll(top: number): void {
  history.replaceState({ ...stateOf(), top }, '');
}
