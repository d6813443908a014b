import { readStart, suggestTerms } from '../../api/filter-completion.ts';
import { splitFilter } from '../../api/filter-text.ts';
import type { Client } from '../../client/client.ts';
import { NAME_KINDS, type NameKind } from '../../domain/name.ts';
import { describeState } from '../../report/job-facts.ts';
import { ownUser } from '../proof.ts';
import type { Candidate, Wanted } from './wanted.ts';

const MAX_JOBS = 50;

/** Returns candidates that the service knows; `ask` returns undefined if it does not answer in time. */
export type AskQuickly = <Value>(ask: (client: Client) => Promise<Value>) => Promise<Value | undefined>;

/** Looks up how the word at the cursor may go on. */
export async function lookUp(
  wanted: Exclude<Wanted, { kind: 'words' }>,
  ask: AskQuickly,
): Promise<readonly Candidate[]> {
  const { kind, lead, start } = wanted;
  const found =
    kind === 'jobs'
      ? await findJobs(start, ask)
      : kind === 'users'
        ? toCandidates(await ask((client) => client.listNames('user', start)))
        : kind === 'filter'
          ? await completeFilter(start, ask)
          : [];
  return found.map((one) => ({ ...one, text: lead + one.text }));
}

const toCandidates = (names: readonly string[] = []): Candidate[] =>
  names.map((text) => ({ text, help: '' }));

/** Returns the newest jobs of the user whose ids begin so, after the last comma. */
async function findJobs(text: string, ask: AskQuickly): Promise<Candidate[]> {
  const at = text.lastIndexOf(',') + 1;
  const [kept, start] = [text.slice(0, at), text.slice(at)];
  const jobs = await ask(async (client) => {
    const user = ownUser(await client.whoami());
    const query = { limit: String(MAX_JOBS), ...(start !== '' && { q: start }) };
    const own = user === undefined ? undefined : await client.findJobs({ ...query, user });
    return own && own.jobs.length > 0 ? own.jobs : (await client.findJobs(query)).jobs;
  });
  return (jobs ?? [])
    .filter(({ id }) => id.startsWith(start))
    .map((job) => ({ text: kept + job.id, help: `${describeState(job)} ${job.details?.name ?? ''}`.trim() }));
}

/** Completes the last condition of a filter; those before it stay. */
async function completeFilter(text: string, ask: AskQuickly): Promise<Candidate[]> {
  const isNew = text === '' || /\s$/.test(text);
  const word = isNew ? '' : (splitFilter(text).at(-1) ?? '');
  const kept = text.slice(0, text.length - word.length);
  const start = readStart(word);
  const kind = NAME_KINDS.find((one): one is NameKind => one === start?.key);
  const names = kind && (await ask((client) => client.listNames(kind, start!.value)));
  const terms = suggestTerms(word, [], names ?? []);
  const [first, ...others] = terms;
  // One that is open leads to its values at once, because bash would end the quoted word.
  if (first?.isOpen && others.length === 0 && first.text !== word)
    return completeFilter(kept + first.text, ask);
  return terms.map(({ text: term, help, isOpen }) => ({
    text: kept + term,
    help,
    ...(isOpen && { isOpen }),
  }));
}
