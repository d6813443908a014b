import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface FoldProps {
  readonly title: ComponentChildren;
  readonly class?: string;
  /** Made only once it is opened. */
  readonly children: () => ComponentChildren;
}

/** Something that is shown when the reader wants it, and read only then. */
export function Fold({ title, class: name, children }: FoldProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class={name} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && children()}
    </details>
  );
}
