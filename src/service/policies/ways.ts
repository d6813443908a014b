import { AppError, OperatorError } from '../../domain/errors.ts';
import { addressOf } from '../../domain/mail-address.ts';
import { DIGEST } from '../../domain/policy/notice.ts';
import type { PolicyFile } from '../../domain/policy/policy.ts';
import type { StoredNotice } from '../../domain/store/policies.ts';
import { formatTime } from '../../domain/time.ts';
import { composeNoticeMail } from '../../mail/notice-mail.ts';
import { MailError, type MailServer, sendMail } from '../../mail/send.ts';
import { ProgramFailed } from '../../program.ts';
import { type NoticeLinks, renderNoticeChat } from '../../report/notice.ts';

/** How an attempt to send failed. `away`: others will fail too; `maybe`: it may have arrived. */
export class SendError extends Error {
  constructor(
    message: string,
    readonly kind: 'away' | 'refused' | 'maybe' | 'impossible',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SendError';
  }
}

/** Sends a notice in one way; rejects with SendError. */
export type Send = (notice: StoredNotice) => Promise<void>;

interface MailWayOptions {
  readonly server: MailServer;
  readonly from: string;
  readonly domain: string | null;
  readonly administrators: () => readonly string[];
  readonly publicUrl: string | null;
  /** Returns the link that ends the digests of a user. */
  readonly refusalUrlOf: (user: string) => string | undefined;
}

/** Returns how notices are mailed. */
export function mailWay(options: MailWayOptions): Send {
  const { server, from, publicUrl, refusalUrlOf } = options;
  return async (notice) => {
    const { audience, name, policy } = notice;
    const refusalUrl = policy === DIGEST && audience !== 'administrators' ? refusalUrlOf(name) : undefined;
    const links = { publicUrl: publicUrl ?? undefined, refusalUrl };
    const mail = composeNoticeMail(notice, { to: receiverOf(notice, options), from, ...links });
    try {
      await sendMail(server, mail);
    } catch (error) {
      throw error instanceof MailError ? explainMailError(error) : error;
    }
  };
}

function receiverOf(
  { audience, name }: StoredNotice,
  { administrators, domain }: Pick<MailWayOptions, 'administrators' | 'domain'>,
): string {
  if (audience === 'administrators') {
    const all = administrators().join(', ');
    if (all !== '') return all;
    throw new SendError('The file of policies names no administrators.', 'impossible');
  }
  const address = addressOf(name, domain);
  if (address !== undefined) return address;
  throw new SendError('The name of the user makes no address.', 'impossible');
}

function explainMailError(error: MailError): SendError {
  const { message, mayHaveArrived: isUnclear, cause } = error;
  const { responseCode, code } = cause as { responseCode?: number; code?: string };
  // A server that answers refuses this mail only, unless it has no time for any.
  const hasAnswered =
    (responseCode !== undefined && responseCode !== BUSY) ||
    code === 'EENVELOPE' ||
    cause instanceof ProgramFailed;
  return new SendError(message, isUnclear ? 'maybe' : hasAnswered ? 'refused' : 'away', { cause: error });
}

/** The code with which a mail server closes the connection (RFC 5321, section 4.2.2). */
const BUSY = 421;

const WEBHOOK_TIMEOUT_MS = 15_000;
/** What fetch says when no connection came about, so that nothing was received. */
const NOT_CONNECTED = /ConnectionRefused|FailedToOpenSocket|ENOTFOUND|EAI_AGAIN|DNS/i;

/** Returns how notices are posted: `text` for chats, and all of it for programs. */
export function webhookWay(file: () => Pick<PolicyFile, 'webhook'>, links: NoticeLinks): Send {
  return async (notice) => {
    const { number, policy, audience, name, timeMs, subject, says, parts } = notice;
    const { webhook } = file();
    if (webhook === undefined) throw new SendError('The file of policies names no webhook.', 'impossible');
    const status = await post(webhook, `notice-${number}-${timeMs}`, {
      text: renderNoticeChat(notice, links),
      notice: { number, policy, audience, name, time: formatTime(timeMs), subject, says, parts },
    });
    if (status >= 200 && status < 300) return;
    throw new SendError(`It was answered ${status}.`, status >= 500 || status === 429 ? 'away' : 'refused');
  };
}

/** Posts JSON and returns the status of the answer. */
async function post(url: string, key: string, body: unknown): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch (cause) {
    const { code = '', message } = cause as Error & { code?: string };
    if (NOT_CONNECTED.test(`${code} ${message}`))
      throw new SendError('Nobody answers there.', 'away', { cause });
    throw new SendError('No answer came in time.', 'maybe', { cause });
  }
}

/** A sentence for the log that cannot contain an address of a webhook. */
export const sayError = (error: unknown): string =>
  error instanceof SendError || error instanceof AppError || error instanceof OperatorError
    ? error.message
    : 'It failed for an unknown reason.';
