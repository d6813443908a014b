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
}

/** A mail server that does not answer must not hold its caller for longer. */
const TIMEOUT_MS = 30_000;
const SENDMAIL = '/usr/sbin/sendmail';

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
export async function sendMail(
  server: MailServer,
  { pictures = [], headers = {}, ...mail }: Mail,
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
  const transport = createTransport(
    server.smtp === null
      ? { sendmail: true, path: SENDMAIL, newline: 'unix' }
      : {
          url: server.smtp,
          connectionTimeout: TIMEOUT_MS,
          greetingTimeout: TIMEOUT_MS,
          socketTimeout: TIMEOUT_MS,
          logger,
          ...(server.user !== undefined && { auth: { user: server.user, pass: server.password ?? '' } }),
        },
  );
  try {
    await transport.sendMail({
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
  } catch (cause) {
    const { message, responseCode } = cause as Error & { responseCode?: number };
    throw new MailError(message, hasLeft && responseCode === undefined, { cause });
  } finally {
    transport.close();
  }
}
