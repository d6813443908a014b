import { signal } from '@preact/signals';
import { Menu } from '../parts/menu.tsx';
import { readChoice, writeChoice } from './column-choice.ts';
import { COLUMNS, GROUPS } from './columns.tsx';

const KEY = 'hpc-observe-columns';

function readSaved(): string[] | undefined {
  try {
    return readChoice(localStorage.getItem(KEY), COLUMNS);
  } catch {
    // A browser may forbid it; the choice is then only in the address.
    return undefined;
  }
}

/** What the reader chose on this browser; undefined for the usual columns. */
export const savedColumns = signal(readSaved());

function save(text: string | undefined): void {
  savedColumns.value = readChoice(text ?? null, COLUMNS);
  try {
    if (text === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, text);
  } catch {
    // See readSaved.
  }
}

interface ColumnMenuProps {
  /** Undefined for the usual columns. */
  readonly chosen: readonly string[] | undefined;
  /** Called with the choice as text; undefined for the usual columns. */
  readonly onChange: (text: string | undefined) => void;
}

/** Chooses the columns of the list, by group. */
export function ColumnMenu({ chosen, onChange }: ColumnMenuProps) {
  const names = new Set(chosen ?? COLUMNS.filter(({ rank }) => rank !== undefined).map(({ name }) => name));
  const choose = (text: string | undefined) => {
    save(text);
    onChange(text);
  };
  const toggle = (name: string) =>
    // The id stays, because a row without it is of no job.
    choose(writeChoice(names.symmetricDifference(new Set([name])).union(new Set(['id'])), COLUMNS));
  return (
    <Menu title="Columns">
      <div class="column-menu">
        {GROUPS.map((group) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            {COLUMNS.filter((column) => column.group === group).map(({ name, title }) => (
              <label key={name}>
                <input
                  type="checkbox"
                  checked={names.has(name)}
                  disabled={name === 'id'}
                  onChange={() => toggle(name)}
                />{' '}
                {title}
              </label>
            ))}
          </fieldset>
        ))}
      </div>
      <button type="button" disabled={chosen === undefined} onClick={() => choose(undefined)}>
        The usual ones
      </button>
    </Menu>
  );
}
