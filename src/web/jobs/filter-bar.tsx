import { useRef, useState } from 'preact/hooks';
import type { Suggestion } from '../../api/filter-completion.ts';
import { readFilter, splitFilter, type Term } from '../../api/filter-text.ts';
import type { JobAnswer } from '../../api/job.ts';
import { useKeys } from '../parts/keys.ts';
import { SuggestionList, useSuggestions } from './suggestions.tsx';

interface FilterBarProps {
  readonly text: string;
  readonly nowMs: number;
  /** The jobs that are shown, whose values are suggested. */
  readonly jobs: readonly JobAnswer[];
  readonly onChange: (text: string) => void;
}

/**
 * The filter as pills, and a field that adds to it and completes it. `/` goes there; a pill that is pressed, or the
 * last one at Backspace, goes back into the field.
 */
export function FilterBar({ text, nowMs, jobs, onChange }: FilterBarProps) {
  const terms = readFilter(text, nowMs);
  const [word, setWord] = useState('');
  // Where the field stands among the pills while one is changed, which keeps its place; else at their end.
  const [place, setPlace] = useState<number>();
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const at = Math.min(place ?? terms.length, terms.length);
  const suggestions = useSuggestions({ word, jobs, isEmpty: terms.length === 0, isOpen });
  const isListed = isOpen && suggestions.length > 0;

  useKeys('List', [{ keys: ['/'], does: 'goes to the filter', press: () => field.current?.focus() }]);

  const write = (next: string, open: boolean) => {
    setWord(next);
    setActive(-1);
    setOpen(open);
  };
  /** Replaces some terms by others. */
  const replace = (start: number, count: number, added: readonly string[]) => {
    const words = splitFilter(text);
    words.splice(start, count, ...added);
    setPlace(undefined);
    onChange(words.join(' '));
  };
  const add = (value: string) => {
    write('', false);
    if (value.trim() !== '') replace(at, 0, splitFilter(value));
  };
  const edit = (index: number) => {
    const words = splitFilter(text);
    write(words[index]!, true);
    replace(index, 1, []);
    setPlace(index);
    field.current?.focus();
  };
  const choose = (one: Suggestion) => {
    if (one.isOpen) write(one.text, true);
    else add(one.text);
    field.current?.focus();
  };

  const move = (step: number) => {
    const count = suggestions.length + 1;
    setActive(isListed ? ((active + 1 + step + count) % count) - 1 : -1);
    setOpen(true);
  };
  /** What keys do; false if the field does it itself. */
  const acts: Readonly<Record<string, () => unknown>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => (suggestions[active] ? choose(suggestions[active]) : add(word)),
    Tab: () => {
      const chosen = suggestions[active] ?? (word === '' ? undefined : suggestions[0]);
      return chosen !== undefined && choose(chosen);
    },
    Escape: () => (isListed ? setOpen(false) : field.current?.blur()),
    Backspace: () => word === '' && at > 0 && edit(at - 1),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = acts[event.key];
    if (act && act() !== false) event.preventDefault();
  };

  const pill = (term: Term, index: number) => (
    <Pill
      // Two equal terms are the same to the reader.
      key={`${term.text} ${index}`}
      term={term}
      onEdit={() => edit(index)}
      onRemove={() => replace(index, 1, [])}
    />
  );
  const faults = [...terms, ...(isOpen ? [] : readFilter(word, nowMs))].flatMap(({ fault }) => fault ?? []);
  return (
    <search class="filter">
      {terms.slice(0, at).map(pill)}
      <input
        key="field"
        ref={field}
        type="text"
        role="combobox"
        aria-label="Filter"
        aria-autocomplete="list"
        aria-expanded={isListed}
        aria-controls="filter-list"
        aria-activedescendant={isListed && active >= 0 ? `filter-${active}` : undefined}
        placeholder={terms.length === 0 ? 'Filter: user:alice state:failed since:2d gpu<10' : 'and …'}
        value={word}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={({ currentTarget }) => write(currentTarget.value, true)}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOpen(false);
          // A condition that is not finished waits in the field.
          if (readFilter(word, nowMs).every(({ fault }) => fault === undefined)) add(word);
        }}
      />
      {terms.slice(at).map((term, index) => pill(term, at + index))}
      <kbd title="Press / to write a filter">/</kbd>
      <SuggestionList suggestions={suggestions} active={active} isOpen={isListed} onChoose={choose} />
      {faults.map((fault) => (
        <p key={fault} class="fault" role="alert">
          {fault}
        </p>
      ))}
    </search>
  );
}

function Pill({ term, onEdit, onRemove }: { term: Term; onEdit: () => void; onRemove: () => void }) {
  return (
    <span class={term.fault ? 'pill pill-wrong' : 'pill'}>
      <button type="button" title={term.fault ?? 'Change'} onClick={onEdit}>
        {term.text}
      </button>
      <button type="button" aria-label={`Remove ${term.text}`} onClick={onRemove}>
        ×
      </button>
    </span>
  );
}
