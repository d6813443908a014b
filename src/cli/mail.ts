import { readVerdict } from '../api/finding.ts';
import { OperatorError, UsageError } from '../domain/errors.ts';
import { hasEnded, type Job } from '../domain/job.ts';
import { addressOf } from '../domain/mail-address.ts';
import { composeArrayMail } from '../mail/array-mail.ts';
import { composeJobMail } from '../mail/job-mail.ts';
import { type Mail, sendMail } from '../mail/send.ts';
import { defaultSender } from '../settings/mail.ts';
import { type Ask, createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { formatLocalTime } from './terminal.ts';

/** Points of a strip: two for each of its pixels would not be seen. */
const MAX_POINTS = 280;
/** The service may learn after this mail how the job ended: completion records follow by up to 30 s. */
const WAIT_MS = 45_000;
/** The mail goes without a report then: slurmctld kills a MailProg after 120 s, and a mail server has 30. */
const REPORT_MS = 75_000;
const LOOK_EVERY_MS = 1000;
const MAX_SUBJECT = 250;

export const mail = defineCommand({
  summary: 'Send a mail of Slurm with a report of the job (MailProg of slurm.conf)',
  usage: ['mail --subject TEXT ADDRESS [settings]'],
  examples: [
    [
      "mail --subject 'Slurm Job_id=4711 Name=train Ended' alice@example.org",
      'As deploy/hpc-observe-mail calls it, which slurmctld runs',
    ],
  ],
  settings: [...PROOF_SETTINGS, 'publicUrl', 'smtp', 'smtpUser', 'smtpPassword', 'mailFrom', 'mailDomain'],
  flags: {
    subject: { takes: 'TEXT', help: 'Subject of the mail; names the job where SLURM_JOB_ID is not set' },
  },
  operands: ['ADDRESS'],
  /** Sends the mail without a report if the service does not answer: a mail of Slurm must not be lost. */
  async run({ config, env, flags, operands }) {
    const subject = flags.get('subject')?.replace(/\s+/g, ' ').trim().slice(0, MAX_SUBJECT);
    if (!subject) throw new UsageError('--subject is missing; see --help.');
    const to = requireAddress(operands[0]!, config.mailDomain);
    const about = readAbout(env, subject);
    const report = await Promise.race([
      composeReport(about, subject, { ask: () => createAsker(config), publicUrl: config.publicUrl }),
      Bun.sleep(REPORT_MS).then(() => {
        throw new Error(`The service needed more than ${REPORT_MS / 1000} s.`);
      }),
    ]).catch((error: Error) => ({ text: `No report: ${error.message}\n` }));
    const server = {
      smtp: config.smtp,
      user: config.smtpUser ?? undefined,
      password: config.smtpPassword ?? undefined,
    };
    const from = config.mailFrom ?? defaultSender();
    const text = `${subject}\n\n${report.text}`;
    await sendMail(server, { to, from, subject, ...report, text }).catch((cause: Error) => {
      const taker = config.smtp ?? 'the sendmail of this machine';
      throw new OperatorError(`The mail was not taken by ${taker}: ${cause.message}.`, { cause });
    });
    return 0;
  },
});

function requireAddress(given: string, domain: string | null): string {
  const address = addressOf(given, domain);
  if (address !== undefined) return address;
  throw new UsageError('ADDRESS must be one address such as alice@example.org, or the name of a user.');
}

/** What a mail is about: a job by the id that squeue shows, or all tasks of an array. */
type About = { readonly jobId: string } | { readonly arrayId: string };

/**
 * Reads what a mail is about: `Slurm Array Summary Job_id=10_* (12)` (`mail_job_info` in
 * src/slurmctld/agent.c), `Slurm Array Task Job_id=10_3 (13)`, `Slurm Job_id=4711`, or SLURM_* where they are
 * set.
 */
function readAbout(env: Readonly<Record<string, string | undefined>>, subject: string): About | undefined {
  const [, arrayId] = /^\S+ Array Summary Job_id=(\d+)_\*/.exec(subject) ?? [];
  if (arrayId) return { arrayId };
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: id } = env;
  if (array && task && /^\d+$/.test(task)) return { jobId: `${array}_${task}` };
  const jobId = id ?? /\bJob_id=(\d+(?:_\d+)?)\b/.exec(subject)?.[1];
  return jobId === undefined ? undefined : { jobId };
}

interface Asking {
  readonly ask: () => Promise<Ask>;
  readonly publicUrl: string | null;
}

type Report = Pick<Mail, 'text' | 'html' | 'pictures'>;

async function composeReport(
  about: About | undefined,
  subject: string,
  { ask: prepare, publicUrl }: Asking,
): Promise<Report> {
  if (!about) throw new Error('Slurm did not name the job.');
  const ask = await prepare();
  const isEnd = isAboutEnd(subject);
  const [kind, id] = 'arrayId' in about ? ['arrays', about.arrayId] : ['jobs', about.jobId];
  const url = publicUrl === null ? undefined : `${publicUrl}/${kind}/${encodeURIComponent(id)}`;
  return 'arrayId' in about ? reportArray(id, ask, { isEnd, url }) : reportJob(id, ask, { isEnd, url });
}

interface Reporting {
  readonly isEnd: boolean;
  readonly url: string | undefined;
}

async function reportJob(jobId: string, ask: Ask, { isEnd, url }: Reporting): Promise<Report> {
  const run = await waitFor(async () => {
    const [latest] = await ask((client) => client.listRuns(jobId));
    const isKnown = latest && (!isEnd || isEndKnown(latest.job));
    return [latest, isKnown];
  });
  const verdict = await ask((client) => client.judgeRun(jobId, run.run));
  const sizing = await ask((client) => client.sizeRun(jobId, run.run));
  const { samples } = await ask((client) => client.plotSamples(jobId, { run: run.run }, MAX_POINTS));
  return composeJobMail(
    { job: run.job, summary: run.summary, verdict, sizing },
    { points: samples, nowMs: Date.now(), formatTime: formatLocalTime, url },
  );
}

/** An array has ended when all its tasks have, and Slurm has said how; hooks do not have its word. */
async function reportArray(arrayId: string, ask: Ask, { isEnd, url }: Reporting): Promise<Report> {
  const array = await waitFor(async () => {
    const read = await ask((client) => client.getArray(arrayId));
    const isKnown = read.end_time !== undefined && read.states.every(({ raw_state }) => raw_state);
    return [read, !isEnd || isKnown];
  });
  return composeArrayMail(array, readVerdict(array.findings), { url });
}

/** What slurmctld writes of the end of a job (src/slurmctld/agent.c, `_mail_type_str`). */
const isAboutEnd = (subject: string): boolean => /\b(Ended|Failed|Time limit reached)\b/.test(subject);

const isEndKnown = ({ state, isEndConfirmed }: Job): boolean => hasEnded(state) && isEndConfirmed !== false;

/** Reads something until it is known, or `WAIT_MS` are over. */
async function waitFor<Value>(
  read: () => Promise<readonly [value: Value | undefined, isKnown: boolean | undefined]>,
): Promise<Value> {
  const endMs = Date.now() + WAIT_MS;
  for (;;) {
    const [value, isKnown] = await read();
    if (value !== undefined && (isKnown || Date.now() > endMs)) return value;
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
