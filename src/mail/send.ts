import { OperatorError } from '../domain/errors.ts';
import { ProgramFailed, readProgram } from '../program.ts';

/** A mail. */
export interface Mail {
  /** One address, or several with commas between them. */
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Header fields beside those of every mail. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Such as `<1@head01>`. */
  readonly messageId?: string;
  /** Pictures that the HTML shows by their Content-ID. */
  readonly pictures?: readonly { readonly contentId: string; readonly png: Uint8Array }[];
}

/** Where mails are handed over. */
export interface MailServer {
  /** A URL such as smtp://mail.example.org:25; null for the sendmail of this machine. */
  readonly smtp: string | null;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** The program, where it is not that of every system. */
  readonly sendmail?: string;
  /** A server that is slow or says nothing holds its caller no longer, all in all; 30 s if left out. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const SENDMAIL = '/usr/sbin/sendmail';
const PROGRAM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** A mail that was not taken, or may not have been. */
export class MailError extends Error {
  constructor(
    message: string,
    /** Whether all of it had left when the connection ended without an answer. */
    readonly mayHaveArrived: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'MailError';
  }
}

/** Hands a mail over; rejects with MailError if the server does not take it. */
export async function sendMail(server: MailServer, mail: Mail): Promise<void> {
  await (server.smtp === null ? handToSendmail(server, mail) : handToServer(server, server.smtp, mail));
}

async function handToServer(
  { user, password = '', timeoutMs = TIMEOUT_MS }: MailServer,
  url: string,
  mail: Mail,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  let hasLeft = false;
  const silent = () => {};
  const logger = {
    ...{ level: silent, trace: silent, debug: silent, warn: silent, error: silent, fatal: silent },
    info({ tnx }: { tnx?: string }) {
      if (tnx === 'message') hasLeft = true;
    },
  };
  const transport = createTransport({
    ...{ url, logger },
    // Each of these is a time of silence.
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...(user !== undefined && { auth: { user, pass: password } }),
  });
  // A server that says a little now and then is never silent.
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await transport.sendMail({ ...contentOf(mail), signal });
  } catch (cause) {
    const { message, responseCode } = cause as Error & { responseCode?: number };
    const what = signal.aborted ? `it took longer than ${timeoutMs / 1000} s` : message;
    throw new MailError(what, hasLeft && responseCode === undefined, { cause });
  } finally {
    transport.close();
  }
}

async function handToSendmail(
  { sendmail = SENDMAIL, timeoutMs = TIMEOUT_MS }: MailServer,
  mail: Mail,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  const { message, envelope } = await composer.sendMail(contentOf(mail));
  try {
    // -i: a line with a single dot does not end the mail.
    await readProgram([sendmail, '-i', '-f', envelope.from as string, '--', ...envelope.to], {
      env: { PATH: PROGRAM_PATH, HOME: Bun.env.HOME ?? '/' },
      timeoutMs,
      input: (message as Buffer).toString(),
    });
  } catch (cause) {
    // One that was killed may have queued the mail before.
    const wasKilled = cause instanceof OperatorError && !(cause instanceof ProgramFailed);
    throw new MailError((cause as Error).message.replace(/\.$/, ''), wasKilled, { cause });
  }
}

const contentOf = ({ pictures = [], headers = {}, ...mail }: Mail) => ({
  ...mail,
  attachments: pictures.map(({ contentId, png }) => ({
    cid: contentId,
    filename: `${contentId}.png`,
    content: Buffer.from(png),
    contentType: 'image/png',
  })),
  // Answers of machines are not wanted (RFC 3834).
  headers: { 'Auto-Submitted': 'auto-generated', ...headers },
  disableFileAccess: true,
  disableUrlAccess: true,
});
