/** A key that is no character. */
const NAMES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001b[H': 'home',
  '\u001bOH': 'home',
  '\u001b[1~': 'home',
  '\u001b[7~': 'home',
  '\u001b[F': 'end',
  '\u001bOF': 'end',
  '\u001b[4~': 'end',
  '\u001b[8~': 'end',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0001': 'ctrl-a',
  '\u0003': 'ctrl-c',
  '\u0004': 'ctrl-d',
  '\u000c': 'ctrl-l',
  '\u0015': 'ctrl-u',
  '\u0017': 'ctrl-w',
  '\u001a': 'ctrl-z',
};

/** An escape sequence of terminals (ECMA-48, 5.4), or one character. */
const KEY = /\u001b\[[0-?]*[ -/]*[@-~]|\u001bO[@-~]|\u001b\u001b|./gsu;
const BEGUN = /\u001b(?:\[[0-?]*[ -/]*|O)?$/u;

export interface Typed {
  /** Names of keys such as `up`, and characters; sequences that mean nothing here are left out. */
  readonly keys: readonly string[];
  /** The beginning of a sequence whose rest may follow. */
  readonly rest: string;
}

/** Splits what a terminal sends into keys. A lone escape is `rest`, because a sequence may follow it. */
export function readKeys(text: string): Typed {
  const rest = BEGUN.exec(text)?.[0] ?? '';
  const whole = text.slice(0, text.length - rest.length);
  const keys = (whole.match(KEY) ?? []).flatMap((one) => {
    if (Object.hasOwn(NAMES, one)) return [NAMES[one]!];
    return /^[^\p{Cc}]$/u.test(one) ? [one] : [];
  });
  return { keys, rest };
}
