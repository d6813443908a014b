import type { Verdict } from '../domain/finding/verdict.ts';
import { type ArrayReport, arrayMeasures } from '../report/array-facts.ts';
import { renderArrayHtml } from '../report/array-html.ts';
import { renderArrayText } from '../report/array-text.ts';
import { PLAIN } from '../report/paper.ts';
import { drawBars } from '../report/strip.ts';
import type { Mail } from './send.ts';

/** Returns what a mail says of an array: text, and HTML with a strip of bars for each measure. */
export function composeArrayMail(
  array: ArrayReport,
  verdict: Verdict,
  { url }: { readonly url?: string | undefined },
): Pick<Mail, 'text' | 'html' | 'pictures'> {
  const strips = arrayMeasures(array)
    .filter(({ spread: { bins } }) => bins.counts.length > 1)
    .map(({ label, spread: { bins }, write }) => ({
      label: `${label}, ${write(bins.low)} to ${write(bins.high)}: how many tasks`,
      contentId: label.toLowerCase(),
      counts: bins.counts,
    }));
  const link = url === undefined ? '' : `\n${url}\n`;
  return {
    text: `${renderArrayText(array, verdict, PLAIN)}${link}`,
    html: renderArrayHtml(array, verdict, { strips, url }),
    pictures: strips.map(({ contentId, counts }) => ({ contentId, png: drawBars(counts) })),
  };
}
