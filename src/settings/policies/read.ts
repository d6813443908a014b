import { FINDING_KINDS } from '../../domain/finding/judge.ts';
import { isAddress } from '../../domain/mail-address.ts';
import { isTimeZone } from '../../domain/policy/calendar.ts';
import { type Condition, readComparison } from '../../domain/policy/condition.ts';
import { isJobFigure, JOB_FIGURES } from '../../domain/policy/figures.ts';
import { DIGEST } from '../../domain/policy/notice.ts';
import {
  AUDIENCES,
  type Audience,
  type DigestRules,
  type Policy,
  type PolicyFile,
  SELECTORS,
  type Selection,
  WAYS,
  type Way,
} from '../../domain/policy/policy.ts';
import { isTotalFigure, TOTAL_FIGURES } from '../../domain/policy/totals.ts';
import { findLikely } from '../../domain/suggest.ts';
import { readTomlFile } from './toml.ts';
import { isTable, show, type TableReader, tableReader } from './values.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What was told is read back for so long. */
const LONGEST_WINDOW_MS = 90 * DAY_MS;
const GRACE_MS = 15 * 60_000;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

type Result = { readonly file: PolicyFile } | { readonly faults: readonly string[] };

/** Reads a file of policies. Each fault names the file, the line, the policy and key, and what to write. */
export function readPolicies(name: string, text: string): Result {
  const file = readTomlFile(text);
  if ('fault' in file) return { faults: [`${name}:${file.line}: is not valid TOML: ${file.fault}.`] };
  const faults: string[] = [];
  const readerOf = (path: readonly string[], of: string) => tableReader({ file, name, faults }, path, of);
  const policyReader = (policy: string) => readerOf(['policy', policy], `policy "${policy}"`);
  const top = readerOf([], '');
  const site = readSite(top);
  const hasDigest = isTable(file.value[DIGEST]);
  top.table(DIGEST);
  const digest = hasDigest ? readDigest(readerOf([DIGEST], DIGEST)) : undefined;
  const policies = top.table('policy').map(([policy]) => readPolicy(policy, policyReader(policy)));
  top.refuseOthers();
  if (policies.length === 0 && !digest)
    top.fault('policy', 'is missing: the file has no policy. Write [policy.NAME] and its keys.');
  // A key that is wrong would be reported once more.
  if (faults.length === 0)
    for (const policy of policies) checkTogether(policy, policies, policyReader(policy.name));
  if (faults.length === 0) checkReceivers([...policies, ...(digest ? [digest] : [])], site, top);
  return faults.length > 0 ? { faults } : { file: { policies, ...(digest && { digest }), ...site } };
}

type Site = Omit<PolicyFile, 'policies' | 'digest'>;

function readSite(top: TableReader): Site {
  const administrators = top.words('administrators', {
    example: '["hpc-admin@example.org"]',
    isWord: (word): word is string => isAddress(word),
  });
  const webhook = readWebhook(top);
  const timeZone = top.text('time_zone') ?? 'UTC';
  if (!isTimeZone(timeZone))
    top.fault('time_zone', `is no time zone: ${show(timeZone)}. Write time_zone = "Europe/Berlin"`);
  const holidays = top.words('holidays', {
    example: '["2026-12-24"]',
    isWord: (word): word is string => /^\d{4}-\d{2}-\d{2}$/.test(word) && !Number.isNaN(Date.parse(word)),
  });
  return {
    administrators: administrators ?? [],
    ...(webhook !== undefined && { webhook }),
    timeZone,
    holidays: holidays ?? [],
  };
}

function checkReceivers(
  told: readonly Pick<Policy, 'tell' | 'by'>[],
  { administrators, webhook }: Site,
  top: TableReader,
): void {
  const asksForMail = told.some(({ tell, by }) => tell.includes('administrators') && by.includes('mail'));
  if (asksForMail && administrators.length === 0)
    top.fault(
      'administrators',
      'is missing, and a policy tells them by mail. Write administrators = ["hpc-admin@example.org"]',
    );
  if (told.some(({ by }) => by.includes('webhook')) && webhook === undefined)
    top.fault(
      'webhook',
      'is missing, and a policy tells by webhook. Write webhook = "https://chat.example.org/hooks/…"',
    );
}

function readWebhook(top: TableReader): string | undefined {
  const webhook = top.text('webhook');
  if (webhook === undefined || /^https?:$/.test(URL.parse(webhook)?.protocol ?? '')) return webhook;
  top.fault('webhook', 'must be a URL of http or https. Write webhook = "https://chat.example.org/hooks/…"');
  return undefined;
}

const isAudience = (word: string): word is Audience => (AUDIENCES as readonly string[]).includes(word);
const isWay = (word: string): word is Way => (WAYS as readonly string[]).includes(word);
const isText = (word: string): word is string => word !== '';
const isKind = (word: string): word is string => FINDING_KINDS.includes(word);

const readTell = (reader: TableReader) =>
  reader.words('tell', { example: '["user", "administrators"]', isWord: isAudience });
const readBy = (reader: TableReader) =>
  reader.words('by', { example: '["mail"]', isWord: isWay }) ?? (['page'] as const);

function readDigest(reader: TableReader): DigestRules {
  const tell = readTell(reader) ?? (['user', 'coordinators'] as const);
  const by = readBy(reader);
  const weekday = reader.choice('weekday', WEEKDAYS) ?? 'monday';
  const hour = reader.count('hour') ?? 8;
  if (hour > 23) reader.fault('hour', `must be from 0 to 23, not ${hour}. Write hour = 8`);
  reader.refuseOthers();
  return { tell, by, weekday: 1 + WEEKDAYS.indexOf(weekday), hour };
}

function readPolicy(name: string, reader: TableReader): Policy {
  checkRequired(name, reader);
  const looksAt = reader.choice('looks_at', ['running', 'ended']);
  const after = reader.text('after');
  const top = reader.count('top');
  const policy: Policy = {
    name,
    says: reader.text('says') ?? '',
    looksAt: looksAt ?? 'ended',
    windowMs: reader.duration('window', looksAt === 'running' ? DAY_MS : 7 * DAY_MS),
    findings: reader.words('findings', { example: '["gpu-unused"]', isWord: isKind }) ?? [],
    only: readSelection(reader, ''),
    excluded: readSelection(reader, 'excluded_'),
    job: readConditions(reader, 'job', isJobFigure, Object.keys(JOB_FIGURES)),
    total: readConditions(reader, 'total', isTotalFigure, Object.keys(TOTAL_FIGURES)),
    ...(top !== undefined && { top }),
    tell: readTell(reader) ?? [],
    by: readBy(reader),
    workdaysOnly: reader.truth('workdays_only'),
    ...(after !== undefined && { after }),
    graceMs: reader.duration('grace', GRACE_MS),
    act: reader.truth('act'),
  };
  if (policy.windowMs > LONGEST_WINDOW_MS) reader.fault('window', 'must be at most 90d. Write window = "7d"');
  reader.refuseOthers();
  return policy;
}

const REQUIRED = {
  says: 'is missing. Write says = "What is wrong, and what to do."',
  looks_at: 'is missing. Write looks_at = "running" or looks_at = "ended"',
  tell: 'is missing. Write tell = ["user"], or act = true',
} as const;

function checkRequired(name: string, reader: TableReader): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) || name === DIGEST)
    reader.fault([], 'is no name: write lower-case letters, digits and hyphens, and not "digest".');
  for (const [key, fault] of Object.entries(REQUIRED))
    if (!reader.has(key) && !(key === 'tell' && reader.has('act'))) reader.fault(key, fault);
}

function readSelection(reader: TableReader, prefix: string): Selection {
  const named = SELECTORS.map((selector) => {
    const words = reader.words(`${prefix}${selector}`, { example: '["name"]', isWord: isText });
    return [selector, words] as const;
  });
  return Object.fromEntries(named.filter(([, words]) => words !== undefined));
}

function readConditions(
  reader: TableReader,
  key: string,
  isFigure: (name: string) => boolean,
  figures: readonly string[],
): Condition[] {
  return reader.table(key).flatMap(([figure, value]) => {
    if (!isFigure(figure)) {
      const likely = findLikely(figure, figures);
      reader.fault(
        [key, figure],
        likely
          ? `is not a figure. Did you mean ${likely}?`
          : `is not a figure. There are: ${figures.join(', ')}.`,
      );
      return [];
    }
    return (Array.isArray(value) ? value : [value]).flatMap((text) => {
      const comparison = typeof text === 'string' ? readComparison(text) : undefined;
      if (comparison) return [{ figure, ...comparison }];
      reader.fault(
        [key, figure],
        `must be a comparison with a number, not ${show(text)}. Write ${figure} = ">= 10", or ["> 0", "<= 15"]`,
      );
      return [];
    });
  });
}

/** Checks what no key says alone. */
function checkTogether(policy: Policy, all: readonly Policy[], reader: TableReader): void {
  const { looksAt, job, total, findings, top } = policy;
  if (job.length + total.length + findings.length === 0)
    reader.fault(
      'job',
      'is missing: the policy is about every job. Write job.gpu_idle_minutes = ">= 15", or findings = […]',
    );
  if (looksAt === 'running' && (total.length > 0 || top !== undefined))
    reader.fault(
      total.length > 0 ? 'total' : 'top',
      'needs looks_at = "ended": jobs that run are looked at one by one. Write conditions under job.',
    );
  const idle = job.find(({ figure }) => isIdleFigure(figure));
  if (looksAt === 'ended' && idle)
    reader.fault(
      ['job', idle.figure],
      'compares idle minutes, which only running jobs have. Write looks_at = "running"',
    );
  if (policy.act) checkAct(policy, reader);
  if (policy.after !== undefined) checkAfter(policy, all, reader);
}

const isIdleFigure = (figure: string): boolean => figure.endsWith('_idle_minutes');

function checkAct({ looksAt, job }: Policy, reader: TableReader): void {
  if (looksAt === 'ended') reader.fault('act', 'needs looks_at = "running". Write act = false');
  // Only these are unknown where measurements are missing, stale or have gaps.
  if (!job.some(({ figure, operator }) => isIdleFigure(figure) && operator.startsWith('>')))
    reader.fault(
      'act',
      'needs a condition on how long the job has been idle. Write job.gpu_idle_minutes = ">= 60"',
    );
}

function checkAfter({ after, act }: Policy, all: readonly Policy[], reader: TableReader): void {
  const before = all.find(({ name }) => name === after);
  if (!act) reader.fault('after', 'is for policies that act. Leave it out, or write act = true');
  if (before?.looksAt !== 'running' || before.act || !before.tell.includes('user'))
    reader.fault(
      'after',
      `must name a policy that looks at running jobs and tells their user, not ${show(after)}. Write tell = ["user"] in that policy.`,
    );
}
