import { yieldToOthers } from '../pace.ts';

/** About 500 lines, which are worked on within a millisecond. */
const PIECE_BYTES = 64 * 1024;
const TYPE = '# TYPE ';

/** Yields the lines of a text in UTF-8 piece by piece, and lets others go on between them. */
export async function* linesIn(text: Uint8Array): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for (let at = 0; at < text.byteLength; at += PIECE_BYTES) {
    if (at > 0) await yieldToOthers('background');
    const lines = (rest + decoder.decode(text.subarray(at, at + PIECE_BYTES), { stream: true })).split('\n');
    rest = lines.pop()!;
    yield lines;
  }
  if (rest !== '') yield [rest];
}

/** What a line of the text format is: the type of a family, a sample, or nothing of interest. */
export const isType = (line: string): boolean => line.startsWith(TYPE);
export const isSample = (line: string): boolean => line !== '' && line[0] !== '#';

/** Returns name and type of a line such as `# TYPE hpc_job_total counter`. */
export function readType(line: string): readonly [name: string, type: string] {
  const [name = '', type = ''] = line.slice(TYPE.length).split(' ');
  return [name, type];
}

/** The series of a line with value and timestamp: all before the last two words. */
export const seriesOf = (line: string): string =>
  line.slice(0, line.lastIndexOf(' ', line.lastIndexOf(' ') - 1));
