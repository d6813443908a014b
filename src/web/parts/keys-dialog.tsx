import { useRef } from 'preact/hooks';
import { type Key, keyGroups, useKeys } from './keys.ts';

/** How keys are written whose names are long. */
const SIGNS: Readonly<Record<string, string>> = { ArrowDown: '↓', ArrowUp: '↑', ' ': 'Space', Escape: 'Esc' };

/** Lists what all keys do; `?` opens it. The browser keeps the focus inside, and Esc closes it. */
export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = () => dialog.current?.showModal();
  useKeys('All pages', [{ keys: ['?'], does: 'lists the keys', press: open }]);
  const groups = Map.groupBy(keyGroups.value, ({ title }) => title);
  return (
    <>
      <button type="button" class="keys-button" title="Keys (?)" aria-label="Keys" onClick={open}>
        ?
      </button>
      <dialog ref={dialog} class="keys" aria-labelledby="keys-title" closedby="any">
        <h2 id="keys-title">Keys</h2>
        {[...groups].map(([title, all]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {all
                .flatMap((group) => group.keys())
                .map((one) => (
                  <KeyLine key={one.does} one={one} />
                ))}
            </dl>
          </section>
        ))}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  );
}

function KeyLine({ one: { keys, does } }: { one: Key }) {
  return (
    <div>
      <dt>
        {keys.map((name, index) => (
          <span key={name}>
            {index > 0 && ' or '}
            {name.split(/(?<=.) /).map((part) => (
              <kbd key={part}>{SIGNS[part] ?? part}</kbd>
            ))}
          </span>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}
