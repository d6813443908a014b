import { useEffect, useState } from 'preact/hooks';
import { changed, Ranges } from './range.tsx';
import { type Resource, useResource } from './resource.ts';

const POLL_MS = 60_000;
const BEHIND_POLL_MS = 5000;

/** Reads sums of ended jobs every minute, and often while many jobs are still to be tallied. */
export function useSums<Answer extends { readonly is_behind?: boolean }>(
  key: string,
  read: (signal: AbortSignal) => Promise<Answer>,
): Resource<Answer> {
  const [isBehind, setBehind] = useState(false);
  const sums = useResource(key, read, { everyMs: isBehind ? BEHIND_POLL_MS : POLL_MS });
  const wasBehind = sums.value?.is_behind === true;
  useEffect(() => setBehind(wasBehind), [wasBehind]);
  return sums;
}

/** Said where many jobs are still to be tallied. */
export const BEHIND = 'Many ended jobs are not counted yet: they are being added up.';

const FILTERS = ['user', 'account', 'partition'] as const;

/** The names that the rows are limited to: of a user, an account, a partition. */
export type GroupFilter = Readonly<Record<string, string | undefined>>;

/** Returns the names that an address limits the rows to. */
export const filterOf = (query: URLSearchParams): GroupFilter =>
  Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? undefined]));

interface GroupHeadProps {
  readonly groups: readonly string[];
  readonly groupBy: string;
  readonly filter: GroupFilter;
  /** Groups that cannot be limited to a name. */
  readonly unfiltered?: readonly string[];
}

/** Chooses what a row is, the range of time, and which names it is limited to. */
export function GroupHead({ groups, groupBy, filter, unfiltered = [] }: GroupHeadProps) {
  const none = Object.fromEntries(FILTERS.map((name) => [name, undefined]));
  return (
    <div class="usage-head">
      <nav class="choices" aria-label="Rows">
        {groups.map((group) => (
          <a
            key={group}
            href={changed({ by: group, all: undefined, ...(unfiltered.includes(group) && none) })}
            aria-current={group === groupBy ? 'true' : undefined}
          >
            By {group}
          </a>
        ))}
      </nav>
      <Ranges />
      {FILTERS.map(
        (name) =>
          filter[name] !== undefined && (
            <a key={name} class="pill" href={changed({ [name]: undefined })} title={`Of every ${name}`}>
              {name} {filter[name]} ×
            </a>
          ),
      )}
    </div>
  );
}
