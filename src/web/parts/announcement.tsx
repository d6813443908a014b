import { signal } from '@preact/signals';

/** Kept as long as it takes to read a short sentence. */
const SHOWN_MS = 3000;

const said = signal<{ readonly text: string; readonly isShown: boolean }>({ text: '', isShown: false });
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something to readers of screens, and shows it to others if `isShown`. */
export function announce(text: string, { isShown = false } = {}): void {
  clearTimeout(timer);
  said.value = { text, isShown };
  if (isShown)
    timer = setTimeout(() => {
      said.value = { text: '', isShown: false };
    }, SHOWN_MS);
}

/** Where announcements appear. */
export function Announcements() {
  const { text, isShown } = said.value;
  return (
    <p role="status" class={isShown ? 'announcement' : 'visually-hidden'}>
      {text}
    </p>
  );
}
