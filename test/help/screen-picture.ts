/** One code of a terminal, one control character, or a run of text. */
const PIECE = /\u001b\[([?\d;]*)([A-Za-z])|[\r\n\b]|[^\u001b\r\n\b]+|\u001b/g;

/** Carries out the codes that a program writes: cursor position, clearing, the second screen. */
export function screenPicture() {
  let rows: string[] = [];
  let [row, column] = [0, 0];
  let [isSecond, isCursorShown] = [false, true];
  let rest = '';

  function put(text: string): void {
    const line = rows[row] ?? '';
    const before = Bun.sliceAnsi(line.padEnd(column), 0, column);
    rows[row] = before + text + Bun.sliceAnsi(line, column + Bun.stringWidth(text));
    column += Bun.stringWidth(text);
  }

  const codes: Readonly<Record<string, (parameters: string) => void>> = {
    H(parameters) {
      const [toRow = 1, toColumn = 1] = parameters === '' ? [] : parameters.split(';').map(Number);
      [row, column] = [toRow - 1, toColumn - 1];
    },
    J() {
      rows = [];
    },
    K() {
      rows[row] = Bun.sliceAnsi(rows[row] ?? '', 0, column);
    },
    h: (parameters) => turn(parameters, true),
    l: (parameters) => turn(parameters, false),
  };

  function turn(parameters: string, isOn: boolean): void {
    if (parameters === '?25') isCursorShown = isOn;
    if (parameters !== '?1049') return;
    isSecond = isOn;
    rows = [];
    [row, column] = [0, 0];
  }

  function control(character: string): void {
    if (character === '\r') column = 0;
    if (character === '\n') row++;
    if (character === '\b') column = Math.max(0, column - 1);
  }

  return {
    write(text: string): void {
      const all = rest + text;
      const [begun = ''] = /\u001b(?:\[[?\d;]*)?$/.exec(all) ?? [];
      rest = begun;
      for (const [piece, parameters = '', code] of all.slice(0, all.length - begun.length).matchAll(PIECE)) {
        if (code !== undefined) codes[code]?.(parameters);
        else if (/^[\r\n\b]$/.test(piece)) control(piece);
        else put(piece);
      }
    },
    /** Loses the rows that a lower screen does not have. */
    clip(height: number): void {
      rows.length = Math.min(rows.length, height);
    },
    lines: () => Array.from(rows, (line = '') => line.trimEnd()),
    isSecond: () => isSecond,
    isCursorShown: () => isCursorShown,
  };
}
