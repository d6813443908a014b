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
