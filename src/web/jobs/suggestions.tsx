import { useEffect } from 'preact/hooks';
import { readStart, readyFilters, type Suggestion, suggestTerms } from '../../api/filter-completion.ts';
import type { JobAnswer } from '../../api/job.ts';
import type { NameListAnswer } from '../../api/name.ts';
import type { WhoamiAnswer } from '../../api/whoami.ts';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';

interface ListProps {
  readonly suggestions: readonly Suggestion[];
  /** The one that the arrows have reached, -1 for none. */
  readonly active: number;
  readonly isOpen: boolean;
  readonly onChoose: (one: Suggestion) => void;
}

/** What is suggested, below the field, which keeps the focus. */
export function SuggestionList({ suggestions, active, isOpen, onChoose }: ListProps) {
  useEffect(
    () => document.getElementById(`filter-${active}`)?.scrollIntoView({ block: 'nearest' }),
    [active],
  );
  return (
    <div id="filter-list" role="listbox" aria-label="Suggestions" hidden={!isOpen}>
      {suggestions.map((one, index) => (
        <button
          key={one.text}
          id={`filter-${index}`}
          type="button"
          class={one.isWhole && 'ready'}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(one)}
        >
          <code>{one.text}</code>
          <span class="soft">{one.help}</span>
        </button>
      ))}
    </div>
  );
}

const NAME_KINDS: readonly string[] = ['user', 'account', 'partition', 'node'];

interface SuggestOptions {
  readonly word: string;
  readonly jobs: readonly JobAnswer[];
  readonly isEmpty: boolean;
  readonly isOpen: boolean;
}

/** Suggests what comes next, with names that the service knows beyond the jobs that are shown. */
export function useSuggestions({ word, jobs, isEmpty, isOpen }: SuggestOptions): readonly Suggestion[] {
  const isFirst = isEmpty && word === '';
  const whoami = useResource(isOpen && isFirst ? 'whoami' : undefined, (signal) =>
    getJson<WhoamiAnswer>('v1/whoami', {}, signal),
  );
  const start = isOpen ? readStart(word) : undefined;
  const kind = start && NAME_KINDS.includes(start.key) ? start.key : undefined;
  const prefix = start?.value ?? '';
  const names = useResource(kind && `${kind} ${prefix}`, (signal) =>
    getJson<NameListAnswer>('v1/names', { kind, prefix }, signal),
  );
  if (!isOpen) return [];
  const known = kind && !names.isLoading ? names.value?.names : [];
  return [...(isFirst ? readyFilters(readerOf(whoami.value)) : []), ...suggestTerms(word, jobs, known)];
}

/** Returns the user who reads, if they see the jobs of others too; a token is no user. */
const readerOf = (whoami: WhoamiAnswer | undefined): string | undefined =>
  whoami?.sees === 'all' && whoami.proof !== 'open' && whoami.proof !== 'token' ? whoami.name : undefined;
