import { OperatorError, UsageError } from '../domain/errors.ts';
import { hasEnded, type Job } from '../domain/job.ts';
import { addressOf } from '../domain/mail-address.ts';
import type { JobRun } from '../domain/store/runs.ts';
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
    const jobId = readJobId(env, subject);
    const report = await Promise.race([
      composeReport(jobId, subject, { ask: () => createAsker(config), publicUrl: config.publicUrl }),
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

/** `Slurm Array Task Job_id=10_3 (13)`, `Slurm Job_id=4711`: the id that squeue shows, as SLURM_* have it. */
function readJobId(env: Readonly<Record<string, string | undefined>>, subject: string): string | undefined {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: id } = env;
  if (array && task && /^\d+$/.test(task)) return `${array}_${task}`;
  return id ?? /\bJob_id=(\d+(?:_\d+)?)\b/.exec(subject)?.[1];
}

interface Asking {
  readonly ask: () => Promise<Ask>;
  readonly publicUrl: string | null;
}

async function composeReport(
  jobId: string | undefined,
  subject: string,
  { ask: prepare, publicUrl }: Asking,
): Promise<Pick<Mail, 'text' | 'html' | 'pictures'>> {
  if (jobId === undefined) throw new Error('Slurm did not name the job.');
  const ask = await prepare();
  const run = await waitForEnd(jobId, ask, isAboutEnd(subject));
  const verdict = await ask((client) => client.judgeRun(jobId, run.run));
  const sizing = await ask((client) => client.sizeRun(jobId, run.run));
  const { samples } = await ask((client) => client.plotSamples(jobId, { run: run.run }, MAX_POINTS));
  const url = publicUrl === null ? undefined : `${publicUrl}/jobs/${encodeURIComponent(jobId)}`;
  return composeJobMail(
    { job: run.job, summary: run.summary, verdict, sizing },
    { points: samples, nowMs: Date.now(), formatTime: formatLocalTime, url },
  );
}

/** What slurmctld writes of the end of a job (src/slurmctld/agent.c, `_mail_type_str`). */
const isAboutEnd = (subject: string): boolean => /\b(Ended|Failed|Time limit reached)\b/.test(subject);

/**
 * Returns the latest run. If the mail is about its end, waits for Slurm's own word of it, which hooks do not
 * have.
 */
async function waitForEnd(jobId: string, ask: Ask, isEnd: boolean): Promise<JobRun> {
  const endMs = Date.now() + WAIT_MS;
  const isKnown = ({ state, isEndConfirmed }: Job) => !isEnd || (hasEnded(state) && isEndConfirmed !== false);
  for (;;) {
    const [run] = await ask((client) => client.listRuns(jobId));
    if (run && (isKnown(run.job) || Date.now() > endMs)) return run;
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
