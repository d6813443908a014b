import { screenPicture } from './screen-picture.ts';

/** The flags of a terminal that hands over lines and shows what is typed (asm-generic/termbits.h). */
const [ICANON, ECHO] = [0o2, 0o10];

/** 15 s on a machine that is not busy. */
const MAX_TRIES = 1500;

interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/**
 * Starts a program on a pseudo-terminal, and shows what its user sees: the codes that the program writes are
 * carried out. Killed at the end of the scope.
 */
export function startOnTerminal(
  command: readonly string[],
  { columns = 80, rows = 24, env = {}, folder = process.cwd() }: TerminalOptions = {},
) {
  const decoder = new TextDecoder();
  const picture = screenPicture();
  let written = '';
  const terminal = new Bun.Terminal({
    cols: columns,
    rows,
    data: (_, piece) => {
      const came = decoder.decode(piece, { stream: true });
      written += came;
      picture.write(came);
    },
  });
  // A terminal tells its size only to the session that it controls.
  const child = Bun.spawn(['setsid', '--ctty', ...command], {
    cwd: folder,
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    terminal,
  });
  const lines = () => picture.lines();
  const text = () => lines().join('\n');

  async function until(holds: () => boolean, what = String(holds)): Promise<void> {
    for (let tries = 0; !holds(); tries++) {
      if (tries > MAX_TRIES)
        throw new Error(
          `${what} did not come true. The screen shows:\n${text()}\n${JSON.stringify(written.slice(-1000))}`,
        );
      await Bun.sleep(10);
    }
  }

  return {
    pid: child.pid,
    type: (text: string) => void terminal.write(text),
    resize(toColumns: number, toRows: number): void {
      picture.clip(toRows);
      terminal.resize(toColumns, toRows);
    },
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** The lines on the screen, without colours. */
    lines,
    text,
    /** Everything that was written so far, with codes. */
    written: () => written,
    /** Whether the second screen is shown, as programs do that take the whole terminal. */
    isTaken: () => picture.isSecond(),
    isCursorShown: () => picture.isCursorShown(),
    /** Whether the terminal hands over lines and shows what is typed, as a shell finds it. */
    isCooked: () => (terminal.localFlags & ICANON) !== 0 && (terminal.localFlags & ECHO) !== 0,
    /** Waits until something holds. */
    until,
    /** Waits until the text on the screen has something. */
    sees: (pattern: RegExp) => until(() => pattern.test(text()), String(pattern)),
    /** Waits for the end; returns the exit code, null if a signal killed it. */
    async ended(): Promise<number | null> {
      await child.exited;
      // What it wrote last may still be on its way.
      await Bun.sleep(50);
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
      terminal.close();
    },
  };
}
