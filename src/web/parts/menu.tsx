import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A button that opens a small panel; Escape and a press elsewhere close it. */
export function Menu({ title, children }: { title: string; children: ComponentChildren }) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const element = menu.current!;
      if (!element.open) return;
      if (event instanceof KeyboardEvent ? event.key !== 'Escape' : element.contains(event.target as Node))
        return;
      // What else Escape would close stays.
      event.stopImmediatePropagation();
      element.open = false;
    };
    document.addEventListener('keydown', close, true);
    document.addEventListener('pointerdown', close, true);
    return () => {
      document.removeEventListener('keydown', close, true);
      document.removeEventListener('pointerdown', close, true);
    };
  }, []);
  return (
    <details class="menu" ref={menu}>
      <summary>{title}</summary>
      <div class="menu-panel">{children}</div>
    </details>
  );
}
