/** A mail to one address. */
export interface Mail {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
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

/** Hands a mail over; rejects with the reason if the server does not take it. */
export async function sendMail(server: MailServer, { pictures = [], ...mail }: Mail): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(
    server.smtp === null
      ? { sendmail: true, path: SENDMAIL, newline: 'unix' }
      : {
          url: server.smtp,
          connectionTimeout: TIMEOUT_MS,
          greetingTimeout: TIMEOUT_MS,
          socketTimeout: TIMEOUT_MS,
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
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  } finally {
    transport.close();
  }
}
