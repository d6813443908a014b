import { useKeys } from '../parts/keys.ts';

export interface ListKeys {
  /** Goes down or up by this many rows. */
  readonly step: (rows: number) => void;
  readonly open: () => void;
  readonly peek: () => void;
  readonly select: () => void;
  readonly compare: () => void;
  readonly close: () => void;
}

const PAGE_ROWS = 20;

/** Follows the keys of the list while it is shown. */
export function useListKeys({ step, open, peek, select, compare, close }: ListKeys): void {
  useKeys('List', [
    { keys: ['j', 'ArrowDown'], does: 'goes down', press: () => step(1) },
    { keys: ['k', 'ArrowUp'], does: 'goes up', press: () => step(-1) },
    { keys: ['PageDown'], does: 'goes a page down', press: () => step(PAGE_ROWS) },
    { keys: ['PageUp'], does: 'goes a page up', press: () => step(-PAGE_ROWS) },
    { keys: ['Home'], does: 'goes to the top', press: () => step(Number.NEGATIVE_INFINITY) },
    {
      keys: ['End'],
      does: 'goes to the last row that is loaded',
      press: () => step(Number.POSITIVE_INFINITY),
    },
    { keys: ['Enter'], does: 'opens the job', press: open },
    { keys: [' ', 'o'], does: 'opens the drawer, and closes it', press: peek },
    { keys: ['x'], does: 'selects the job, or not', press: select },
    { keys: ['c'], does: 'compares the selected jobs', press: compare },
    {
      keys: ['Escape'],
      does: 'closes what is open beside the list, then takes the selection back',
      press: close,
    },
  ]);
}
