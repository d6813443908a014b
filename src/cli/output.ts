import { writeSync } from 'node:fs';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';

const STDOUT = 1;
/** How long to wait for a reader that is slower than the command. */
const WAIT_MS = 2;

/** Nobody reads the output any more, as after `| head -1`. */
export class ReaderGone extends OperatorError {}

/**
 * Writes a text to stdout to its end before it returns: what a stream still holds when the process ends is
 * lost. Throws ReaderGone, or OperatorError if it cannot be written.
 */
export function writeOutput(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone('Nobody reads the output.', { cause });
      if (code !== 'EAGAIN')
        throw new OperatorError(`The output cannot be written: ${explainSystemError(cause)}.`, { cause });
      Bun.sleepSync(WAIT_MS);
    }
  }
}
