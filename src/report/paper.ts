/** What a report is written on. */
export interface Paper {
  readonly hasColors: boolean;
  /** Whether it shows blocks and arrows; else only ASCII. */
  readonly hasSymbols: boolean;
  /** How wide it is; left out where lines may have any length, as in a file. */
  readonly columns?: number;
}

/** Paper for programs and files. */
export const PLAIN: Paper = { hasColors: false, hasSymbols: true };

/** The codes of terminals (ECMA-48, SGR). */
const CODES = { bold: 1, soft: 2, chosen: 7, harm: 31, waste: 33, accent: 34 } as const;
export type Ink = keyof typeof CODES;

/** Colours a text, where the paper has colours. */
export const ink = ({ hasColors }: Paper, colour: Ink | undefined, text: string): string =>
  hasColors && colour !== undefined && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Draws a share of 0 to 1 as a bar; anything above 0 can be seen. */
export function drawBar({ hasSymbols }: Paper, share: number, width: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(Math.min(1, share) * width * 8));
  const full = hasSymbols ? '█'.repeat(eighths >> 3) : '#'.repeat(Math.ceil(eighths / 8));
  const rest = hasSymbols ? EIGHTHS[eighths & 7]! : '';
  return `${full}${rest}`.padEnd(width, hasSymbols ? '·' : '.');
}

/** Returns the columns that a text takes on a terminal: two for wide characters, none for its codes. */
export const widthOf = (text: string): number => Bun.stringWidth(text);

/** Cuts a text to at most `width` columns, and marks that it goes on. */
export function cut({ hasSymbols }: Paper, text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const head = Bun.sliceAnsi(text, 0, width - 1);
  // A wide character across the edge is not cut off by `sliceAnsi`.
  const fitting = widthOf(head) < width ? head : Bun.sliceAnsi(text, 0, width - 2);
  return fitting + (hasSymbols ? '…' : '>');
}

type Align = 'left' | 'right';

/** Lays out rows in columns as wide as their widest cell, two blanks apart. */
export function drawTable(rows: readonly (readonly string[])[], aligns: readonly Align[]): string {
  const widths = aligns.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), 0),
  );
  const pad = (cell: string, column: number) => {
    const blanks = ' '.repeat(widths[column]! - widthOf(cell));
    return aligns[column] === 'right' ? blanks + cell : cell + blanks;
  };
  return rows.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** Breaks a text at blanks into lines of at most `width` columns, each behind `indent`. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(`${indent}${line} ${word}`) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => `${indent}${one}\n`).join('');
}

/**
 * Makes text of others harmless for a terminal: shows control characters, which could move the cursor, and
 * what turns the direction of text or has no width.
 */
export const harmless = (text: string): string =>
  text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
