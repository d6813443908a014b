import { readProgram } from '../../program.ts';

interface ToolOptions {
  /** Folders in which the tools are looked for, as in PATH. */
  readonly path: string;
  /** A tool is killed after this time. */
  readonly timeoutMs: number;
}

/** The tools of a GPU vendor. The driver may hold one even after it was killed. */
export interface Tools {
  /** Returns the path of a tool; null if it is not there. */
  find(name: string): string | null;
  /** Returns what a tool prints. Rejects as `readProgram` does. */
  run(file: string, args: readonly string[]): Promise<string>;
  /** Whether one is running; between two readings, whether a killed one still waits for the driver. */
  isHanging(): boolean;
}

const MAX_CHARACTERS = 8 * 1024 * 1024;

export function createTools({ path, timeoutMs }: ToolOptions): Tools {
  let running = 0;
  return {
    find: (name) => Bun.which(name, { PATH: path }),
    run: (file, args) =>
      readProgram([file, ...args], {
        env: { PATH: path, LC_ALL: 'C' },
        timeoutMs,
        maxCharacters: MAX_CHARACTERS,
        onStart(exited) {
          running++;
          void exited.finally(() => running--);
        },
      }),
    isHanging: () => running > 0,
  };
}
