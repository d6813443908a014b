import { OperatorError, UsageError } from '../domain/errors.ts';

/**
 * Collects everything that is wrong with a command line, its variables and its file, to report it at once.
 */
export class Faults {
  readonly #sentences: string[] = [];
  /** What the command line and the settings say is right, but a file cannot be read. */
  #unreadable: OperatorError | undefined;
  #isUsage = false;

  add(sentence: string): void {
    this.#sentences.push(sentence);
    this.#isUsage = true;
  }

  addUnreadable(error: OperatorError): void {
    this.#sentences.push(error.message);
    this.#unreadable ??= error;
  }

  /** Throws UsageError with all sentences, one a line, or OperatorError if only files could not be read. */
  throwIfAny(): void {
    if (this.#isUsage) throw new UsageError(this.#sentences.join('\n'));
    if (this.#unreadable)
      throw new OperatorError(this.#sentences.join('\n'), { cause: this.#unreadable.cause });
  }
}
