import { useEffect, useRef, useState } from 'preact/hooks';
import { readFilter, splitFilter, suggestTerms } from '../parts/filter.ts';
import { isTyping } from '../parts/keys.ts';

interface FilterBarProps {
  readonly text: string;
  readonly nowMs: number;
  readonly onChange: (text: string) => void;
}

/** The filter as pills, and a field that adds to it. `/` goes there; Backspace takes the last pill back. */
export function FilterBar({ text, nowMs, onChange }: FilterBarProps) {
  const [word, setWord] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const terms = readFilter(text, nowMs);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event.target)) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  const add = () => {
    if (word.trim() === '') return;
    onChange(`${text} ${word}`.trim());
    setWord('');
  };
  const removeAt = (place: number) => {
    onChange(
      splitFilter(text)
        .filter((_, index) => index !== place)
        .join(' '),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') add();
    else if (event.key === 'Escape') field.current?.blur();
    else if (event.key === 'Backspace' && word === '' && terms.length > 0) {
      event.preventDefault();
      setWord(terms.at(-1)!.text);
      removeAt(terms.length - 1);
    }
  };

  return (
    <search class="filter">
      {terms.map((term, place) => (
        // Two equal terms are the same to the reader.
        <span
          key={`${term.text} ${place}`}
          class={term.fault ? 'pill pill-wrong' : 'pill'}
          title={term.fault}
        >
          {term.text}
          <button type="button" aria-label={`Remove ${term.text}`} onClick={() => removeAt(place)}>
            ×
          </button>
        </span>
      ))}
      <input
        ref={field}
        type="text"
        list="filter-terms"
        aria-label="Filter"
        placeholder={terms.length === 0 ? 'Filter: user:alice state:failed since:2d runtime>1h' : 'and …'}
        value={word}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setWord(currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
      <kbd title="Press / to write a filter">/</kbd>
      <datalist id="filter-terms">
        {suggestTerms(word).map(({ text: term, help }) => (
          <option key={term} value={term}>
            {help}
          </option>
        ))}
      </datalist>
      {terms.map(({ fault }) => fault && <p class="fault">{fault}</p>)}
    </search>
  );
}
