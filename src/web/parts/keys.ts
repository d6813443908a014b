import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** A key of the pages, as `j`, or two in a row, as `g j`. */
export interface Key {
  /** Any of them; they are named as KeyboardEvent names them. */
  readonly keys: readonly string[];
  /** Completes a sentence that begins with the key: `j goes down`. */
  readonly does: string;
  readonly press: () => void;
}

/** Keys that belong together, such as those of a list. */
export interface KeyGroup {
  readonly title: string;
  readonly keys: () => readonly Key[];
}

/** What keys do at present, the shell's first. */
export const keyGroups = signal<readonly KeyGroup[]>([]);

/** The second of two keys comes within this time. */
const SEQUENCE_MS = 1500;

/** Returns whether keys go into a field. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));

/** These press what has the focus. */
const isPressing = ({ key, target }: KeyboardEvent): boolean =>
  (key === 'Enter' || key === ' ') &&
  target instanceof Element &&
  target.closest('a, button, summary') !== null;

/**
 * Declares what keys do while a component is shown. The dialog of keys lists them, and they do it, unless
 * the reader types or a dialog is open; of two components with one key, that of the later one.
 */
export function useKeys(title: string, keys: readonly Key[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const group: KeyGroup = { title, keys: () => latest.current };
    keyGroups.value = [...keyGroups.peek(), group];
    return () => {
      keyGroups.value = keyGroups.peek().filter((one) => one !== group);
    };
  }, [title]);
}

/** Begins to do what keys are declared to do. */
export function startKeys(): void {
  let first: { readonly key: string; readonly timeMs: number } | undefined;
  addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(target) || isPressing(event) || document.querySelector('dialog[open]')) return;
    const isSecond = first !== undefined && event.timeStamp - first.timeMs < SEQUENCE_MS;
    const name = isSecond ? `${first!.key} ${key}` : key;
    first = undefined;
    const all = keyGroups.value.flatMap((group) => group.keys());
    const found = all.findLast(({ keys }) => keys.includes(name));
    if (found) {
      event.preventDefault();
      found.press();
    } else if (all.some(({ keys }) => keys.some((one) => one.startsWith(`${key} `)))) {
      first = { key, timeMs: event.timeStamp };
    }
  });
}
