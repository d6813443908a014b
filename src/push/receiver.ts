import { readRetryAfter } from '../client/retry.ts';
import { OperatorError } from '../domain/errors.ts';

/** One request. */
export interface Body {
  readonly text: string;
  readonly samples: number;
}

interface ReceiverOptions {
  readonly url: string;
  /** The media type of the bodies. */
  readonly type: string;
  /** Of the Authorization header. */
  readonly authorization?: string;
  /** Whose certificates are trusted, in PEM, instead of this machine's authorities. */
  readonly ca?: string;
  readonly timeoutMs: number;
}

/** The receiver did not take a request now, but may later. */
export class NotTaken extends OperatorError {
  constructor(
    message: string,
    /** How long it wants to be left alone; 0 if it does not say. */
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'NotTaken';
  }
}

/** What a receiver made of a request: samples that it refuses for ever, and why. */
export interface Taken {
  readonly refused: number;
  readonly reason?: string;
}

/** Statuses for a body that will never be taken; all others may pass, as wrong credentials do. */
const REFUSED = [400, 413, 415, 422];
const MAX_REASON_LENGTH = 500;

/**
 * Returns a function that sends one body, compressed. Rejects with NotTaken, one sentence without secrets,
 * when it may be sent again.
 */
export function receiver({ url, type, authorization, ca, timeoutMs }: ReceiverOptions) {
  const { origin, pathname } = new URL(url);
  // A query may have a secret.
  const shown = origin + pathname;
  return async ({ text, samples }: Body, signal: AbortSignal): Promise<Taken> => {
    const deadline = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let answer: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        body: await packed(text),
        headers: {
          'content-type': type,
          'content-encoding': 'gzip',
          ...(authorization !== undefined && { authorization }),
        },
        signal: AbortSignal.any([signal, deadline]),
        ...(ca !== undefined && { tls: { ca } }),
      });
      answer = await beginningOf(response);
    } catch (cause) {
      const reason = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : (cause as Error).message;
      throw new NotTaken(`${shown} was not reached: ${reason}.`, 0, { cause });
    }
    const { status, headers } = response;
    if (status >= 200 && status < 300) return partlyTaken(answer);
    const reason = `${shown} answered ${status}: ${answer.replaceAll(/\s+/g, ' ').trim() || 'nothing more'}`;
    if (REFUSED.includes(status)) return { refused: samples, reason };
    throw new NotTaken(reason, readRetryAfter(headers.get('retry-after'), Date.now()) ?? 0);
  };
}

const packed = async (text: string): Promise<Blob> =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).blob();

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_REASON_LENGTH) break;
  }
  return text.slice(0, MAX_REASON_LENGTH);
}

/** OTLP answers with `partialSuccess` where it takes only some points. */
function partlyTaken(answer: string): Taken {
  try {
    const { rejectedDataPoints = 0, errorMessage } = JSON.parse(answer).partialSuccess;
    return { refused: Number(rejectedDataPoints), ...(errorMessage && { reason: String(errorMessage) }) };
  } catch {
    return { refused: 0 };
  }
}
