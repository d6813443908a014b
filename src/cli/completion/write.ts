import type { ShellLine } from './shell-line.ts';
import type { Candidate } from './wanted.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What bash takes for a sign outside quotes. */
const SIGNS = /[\s"'\\<>;|&()$`*?[\]~#!{}]/g;

/**
 * Writes candidates as the completion of a shell reads them: one a line, with its help behind a tab. A blank
 * at the end says that the word is whole.
 */
export function writeCandidates(
  candidates: readonly Candidate[],
  shell: Shell,
  { word, quote }: Pick<ShellLine, 'word' | 'quote'>,
): string {
  const write = shell === 'bash' ? (text: string) => writeForBash(text, word, quote) : (text: string) => text;
  return candidates
    .map(({ text, help, isOpen }) => {
      // fish adds the blank itself, and bash ends a quoted word with its quote.
      const end = isOpen || shell === 'fish' || (shell === 'bash' && quote !== '') ? '' : ' ';
      return `${write(text)}${end}${help === '' ? '' : `\t${help.replace(/\s+/g, ' ')}`}\n`;
    })
    .join('');
}

/** bash replaces only what follows the last `:` or `=` of an unquoted word, and inserts signs as they are. */
function writeForBash(text: string, word: string, quote: string): string {
  if (quote !== '') return text;
  const [lead = ''] = /^.*[:=]/s.exec(word) ?? [];
  return text.slice(lead.length).replace(SIGNS, '\\$&');
}
