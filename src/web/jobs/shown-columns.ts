import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { type ListAddress, readAddress, showAddress } from './address.ts';
import { fitColumns, readChoice, writeChoice } from './column-choice.ts';
import { savedColumns } from './column-menu.tsx';
import { COLUMNS, type Column, PHONE_COLUMNS } from './columns.tsx';

const PHONE_PIXELS = 600;
/** Wider columns would be too far apart to be read as a line. */
const MAX_SCALE = 1.3;

export interface ShownColumns {
  /** What the reader chose; undefined for the usual columns. */
  readonly chosen: readonly string[] | undefined;
  readonly columns: readonly Column[];
  readonly isPhone: boolean;
  /** Whether they need more room than there is. */
  readonly isWide: boolean;
  /** How much wider the columns are than they must be, on a wide screen. */
  readonly scale: number;
}

/**
 * Returns the columns that were chosen, in the address or else on this browser; of the usual ones those that
 * an element has room for. A choice of the browser is written into the address, so that it can be shared.
 */
export function useShownColumns(
  area: { readonly current: HTMLElement | null },
  { columns: text }: ListAddress,
): ShownColumns {
  const pixels = useWidth(area);
  const chosen = readChoice(text ?? null, COLUMNS) ?? savedColumns.value;
  useEffect(() => {
    if (text === undefined && chosen)
      showAddress({ ...readAddress(), columns: writeChoice(new Set(chosen), COLUMNS) }, { replace: true });
  }, [text]);
  const isPhone = pixels < PHONE_PIXELS;
  const columns = useMemo(() => {
    if (isPhone) return PHONE_COLUMNS;
    return chosen ? COLUMNS.filter(({ name }) => chosen.includes(name)) : fitColumns(COLUMNS, pixels);
  }, [isPhone, pixels, chosen?.join()]);
  const least = columns.reduce((sum, column) => sum + column.pixels, 0);
  const scale = isPhone ? 1 : Math.min(MAX_SCALE, Math.max(1, pixels / least));
  return { chosen, columns, isPhone, isWide: !isPhone && least > pixels, scale };
}

function useWidth(area: { readonly current: HTMLElement | null }): number {
  const [pixels, setPixels] = useState(innerWidth);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    const measure = () => setPixels(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return pixels;
}
