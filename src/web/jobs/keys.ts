import { useEffect, useRef } from 'preact/hooks';
import { isTyping } from '../parts/keys.ts';

export interface ListKeys {
  /** Goes down or up by this many rows. */
  readonly step: (rows: number) => void;
  readonly open: () => void;
  readonly peek: () => void;
  readonly select: () => void;
  readonly compare: () => void;
  readonly close: () => void;
}

const KEYS: Readonly<Record<string, (keys: ListKeys) => void>> = {
  j: ({ step }) => step(1),
  ArrowDown: ({ step }) => step(1),
  k: ({ step }) => step(-1),
  ArrowUp: ({ step }) => step(-1),
  Enter: ({ open }) => open(),
  o: ({ peek }) => peek(),
  ' ': ({ peek }) => peek(),
  x: ({ select }) => select(),
  c: ({ compare }) => compare(),
  Escape: ({ close }) => close(),
};

/** Buttons and links have these keys for themselves. */
const PRESSES = ['Enter', ' '];

/** Follows the keys of the list while it is shown. */
export function useListKeys(keys: ListKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { key, target } = event;
      const act = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
      if (!act || isTyping(target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (PRESSES.includes(key) && (target as Element).closest?.('a, button, summary')) return;
      event.preventDefault();
      act(latest.current);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
