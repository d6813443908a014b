import { OperatorError } from './domain/errors.ts';

/** How much of a program's error output a message contains. */
const MAX_ERROR_CHARACTERS = 500;
const ERROR_WAIT_MS = 500;
/** Far more than a program prints about itself and its configuration. */
export const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

export interface ProgramCall {
  readonly env: Readonly<Record<string, string>>;
  /** The program is killed after this time. */
  readonly timeoutMs: number;
  /** Text for its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Called when it runs; one that waits for a driver may be there long after it was killed. */
  readonly onStart?: (exited: Promise<unknown>) => void;
}

/** A program ended with another exit code than 0. */
export class ProgramFailed extends OperatorError {
  constructor(
    message: string,
    readonly exitCode: number | null,
    /** What it had printed to its standard output before. */
    readonly output: string,
  ) {
    super(message);
    this.name = 'ProgramFailed';
  }
}

/**
 * Runs a program and passes its output on piece by piece. Rejects with ProgramFailed, one sentence, when it
 * fails, and with OperatorError when it takes too long and is killed. `command[0]` is the path of its file.
 */
export async function runProgram(
  command: readonly [file: string, ...args: string[]],
  { env, timeoutMs, input, onStart }: ProgramCall,
  read: (text: string) => void | Promise<void>,
): Promise<void> {
  const program = command[0].slice(command[0].lastIndexOf('/') + 1);
  const running = Bun.spawn([...command], {
    env,
    cwd: '/',
    stdin: input === undefined ? 'ignore' : new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  onStart?.(running.exited);
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    running.kill('SIGKILL');
    // Does not wait for the end of the output, which a child of the program may keep open.
    timeout.reject(new OperatorError(`${program} took more than ${timeoutMs / 1000} s and was killed.`));
  }, timeoutMs);
  const output = readPieces(running.stdout, read);
  const errors = new Response(running.stderr).text();
  output.catch(() => running.kill('SIGKILL'));
  errors.catch(() => {});
  try {
    await Promise.race([Promise.all([output, running.exited]), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
  if (running.exitCode === 0) return;
  // A child of the program may keep its error output open too.
  const errorText = await Promise.race([errors, Bun.sleep(ERROR_WAIT_MS).then(() => '')]);
  throw new ProgramFailed(
    `${program} failed${describeError(errorText, running.exitCode)}.`,
    running.exitCode,
    '',
  );
}

/**
 * Returns the whole output of a program. Rejects as `runProgram`
 * does, and when the output is longer than `maxCharacters`.
 */
export async function readProgram(
  command: readonly [file: string, ...args: string[]],
  { maxCharacters = MAX_OUTPUT_CHARACTERS, ...call }: ProgramCall & { readonly maxCharacters?: number },
): Promise<string> {
  const collected = collectText(command[0], maxCharacters);
  try {
    await runProgram(command, call, collected.add);
  } catch (error) {
    if (error instanceof ProgramFailed)
      throw new ProgramFailed(error.message, error.exitCode, collected.text());
    throw error;
  }
  return collected.text();
}

/** Collects the output of a program; `add` throws OperatorError when it gets longer than `maxCharacters`. */
export function collectText(program: string, maxCharacters: number) {
  const pieces: string[] = [];
  let characters = 0;
  return {
    add(piece: string): void {
      characters += piece.length;
      if (characters > maxCharacters)
        throw new OperatorError(`${program} printed more than ${maxCharacters} characters and was killed.`);
      pieces.push(piece);
    },
    text: () => pieces.join(''),
  };
}

async function readPieces(
  stream: ReadableStream<Uint8Array>,
  read: (text: string) => void | Promise<void>,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const piece of stream) await read(decoder.decode(piece, { stream: true }));
  const rest = decoder.decode();
  if (rest !== '') await read(rest);
}

function describeError(text: string, exitCode: number | null): string {
  const line = text.trim().replace(/\s+/g, ' ').slice(0, MAX_ERROR_CHARACTERS);
  return line === '' ? ` with exit code ${exitCode}` : `: ${line.replace(/\.$/, '')}`;
}
