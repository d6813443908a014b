import { writeSync } from 'node:fs';
import { readKeys } from './keyboard.ts';

// Codes of terminals: ECMA-48, and xterm's for the second screen (1049), the cursor (25), the wrapping of
// lines (7) and frames that are shown at once (2026).
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
const [BEGIN_FRAME, END_FRAME] = ['\u001b[?2026h', '\u001b[?2026l'];

/** The rest of a sequence that ssh cut in two arrives sooner than this. */
const ESCAPE_MS = 60;
const STDOUT = 1;
const [DEFAULT_COLUMNS, DEFAULT_ROWS] = [80, 24];

interface ScreenOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** Called when the terminal is gone. */
  readonly onClose: () => void;
}

export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  /** Shows lines, writing only those that changed. */
  draw(lines: readonly string[]): void;
  /** Forgets what is shown, so that all lines are written again. */
  forget(): void;
  /** Stops this process as Ctrl-Z does; the screen comes back when the shell continues it. */
  suspend(): void;
  /** Gives the terminal back as it was. Harmless if it was given back before. */
  leave(): void;
}

/** Takes the whole terminal, until `leave`, or until the process ends for any reason but SIGKILL. */
export function openScreen({ input, output, onKey, onResize, onClose }: ScreenOptions): Screen {
  let shown: readonly string[] = [];
  let isOpen = false;

  function enter(): void {
    isOpen = true;
    shown = [];
    input.setRawMode(true);
    output.write(ENTER);
  }

  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    try {
      // A process that ends has no turn left in which a stream could write.
      writeSync(STDOUT, LEAVE);
      input.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  }

  const read = keyReader(onKey);
  const resize = () => {
    shown = [];
    onResize();
  };
  const resume = () => {
    enter();
    onResize();
  };
  input.on('data', read);
  input.on('end', onClose);
  input.on('error', onClose);
  output.on('error', onClose);
  output.on('resize', resize);
  process.on('exit', leave);
  process.on('SIGCONT', resume);
  enter();

  return {
    size: () => ({ columns: output.columns || DEFAULT_COLUMNS, rows: output.rows || DEFAULT_ROWS }),
    draw(lines) {
      if (!isOpen) return;
      const changed = lines.flatMap((line, row) =>
        line === shown[row] ? [] : [`\u001b[${row + 1};1H${line}\u001b[0m\u001b[K`],
      );
      shown = lines;
      if (changed.length > 0) output.write(BEGIN_FRAME + changed.join('') + END_FRAME);
    },
    forget() {
      shown = [];
    },
    suspend() {
      leave();
      process.kill(process.pid, 'SIGSTOP');
    },
    leave() {
      leave();
      input.off('data', read);
      input.pause();
      output.off('resize', resize);
      process.off('SIGCONT', resume);
      process.off('exit', leave);
    },
  };
}

/** Returns what reads keys from pieces of input: a piece may end within a character or a sequence. */
function keyReader(onKey: (key: string) => void): (piece: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    rest = '';
    onKey('escape');
  };
  return (piece) => {
    clearTimeout(timer);
    const typed = readKeys(rest + decoder.decode(piece, { stream: true }));
    rest = typed.rest;
    if (rest !== '') timer = setTimeout(flush, ESCAPE_MS);
    for (const key of typed.keys) onKey(key);
  };
}
