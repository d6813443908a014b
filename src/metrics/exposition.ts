import { yieldToOthers } from '../pace.ts';

// The text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/

/** Escapes a label value: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}

/** Returns the two lines that open a family. */
export function openFamily(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** A family of series that are written straight from rows. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
}

const encoder = new TextEncoder();

/**
 * The texts of families as they grow, page by page: the format wants each family in one piece. They are
 * encoded page by page, because 80,000 lines at once would make requests wait.
 */
export function growFamilies(families: readonly Family[]) {
  const pieces = families.map(({ name, type, help }) => [encoder.encode(openFamily(name, type, help))]);
  return {
    /** Appends lines to each family, in the order of the families. */
    append(lines: readonly string[]): void {
      for (const [family, text] of lines.entries())
        if (text !== '') pieces[family]!.push(encoder.encode(text));
    },
    pieces: (): Uint8Array[] => pieces.flat(),
    /** Leaves out families without a line. */
    known: (): Uint8Array[] => pieces.filter(({ length }) => length > 1).flat(),
  };
}

/** Renders a family of one series without labels. */
export const renderSingle = ({ name, type, help }: Family, value: number): Uint8Array =>
  encoder.encode(`${openFamily(name, type, help)}${name} ${value}\n`);

/** Bytes copied in one turn of the event loop. */
const COPY_BYTES = 1024 * 1024;

/** Joins pieces to one text, in several turns: copying megabytes takes longer than a request may wait. */
export async function joinPieces(pieces: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const text = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let [at, copiedBytes] = [0, 0];
  for (const piece of pieces) {
    text.set(piece, at);
    at += piece.byteLength;
    copiedBytes += piece.byteLength;
    if (copiedBytes < COPY_BYTES) continue;
    copiedBytes = 0;
    await yieldToOthers();
  }
  return text;
}
