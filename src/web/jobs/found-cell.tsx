import { writeTerm } from '../../api/filter-text.ts';
import type { JobAnswer } from '../../api/job.ts';
import { nameFinding } from '../parts/finding-name.ts';

interface FoundCellProps {
  readonly job: Pick<JobAnswer, 'finding' | 'severity'>;
  readonly narrow: (term: string) => void;
}

/** The worst that rules found of a job; its page has the sentence. Narrows the list to jobs like it. */
export function FoundCell({ job: { finding, severity }, narrow }: FoundCellProps) {
  if (finding === undefined) return null;
  const term = writeTerm('finding', finding);
  const title = `${severity}: show only ${term}`;
  return (
    <button type="button" class="narrow" title={title} onClick={() => narrow(term)}>
      {nameFinding(finding)}
    </button>
  );
}
