import type { Verdict } from '../domain/finding/verdict.ts';
import { type ArrayReport, arrayHoldings, arrayMeasures, arrayOutliers, arrayStates } from './array-facts.ts';
import { escapeHtml } from './html.ts';
import { type HtmlStrip, renderFindingsHtml } from './job-html.ts';
import { STRIP_SIZE } from './strip.ts';

interface ArrayHtmlOptions {
  /** How the tasks are spread, as pictures. */
  readonly strips: readonly HtmlStrip[];
  /** The page of the array; left out where nobody knows how browsers reach the service. */
  readonly url?: string | undefined;
}

const MAX_TASKS = 5;
const CELL = 'padding:2px 12px 2px 0;text-align:right';
const NAME = 'padding:2px 12px 2px 0;text-align:left;vertical-align:top;white-space:nowrap';

/** Renders an array for a mail. Styles are inline, because mail programs drop others. */
export function renderArrayHtml(
  array: ArrayReport,
  verdict: Verdict,
  { strips, url }: ArrayHtmlOptions,
): string {
  const pictures = strips.map(
    ({ label, contentId }) =>
      `<p style="margin:8px 0 2px;color:#5a646e">${escapeHtml(label)}</p><img src="cid:${contentId}" alt="${escapeHtml(label)}" width="${STRIP_SIZE.width}" height="${STRIP_SIZE.height}">`,
  );
  return [
    '<div style="font:14px/1.45 sans-serif;color:#1c2126;max-width:600px">',
    `<p style="font-size:17px;margin:0 0 4px"><b>array ${escapeHtml(array.array_job_id)}</b> ${escapeHtml(array.name ?? '')} <b>${escapeHtml(arrayStates(array).join(', '))}</b></p>`,
    `<p style="color:#5a646e;margin:0 0 12px">${escapeHtml(arrayHoldings(array).join(' · '))}</p>`,
    renderFindingsHtml(verdict),
    renderSpreads(array),
    ...pictures,
    renderOutliers(array),
    url === undefined ? '' : `<p><a href="${escapeHtml(url)}">All tasks</a></p>`,
    '</div>',
  ].join('');
}

function renderSpreads(array: ArrayReport): string {
  const rows = arrayMeasures(array).map(({ label, spread, write }) => {
    const figures = [spread.min, spread.median, spread.upper_quartile, spread.max].map(write);
    const cells = [...figures, String(spread.count)].map((text) => `<td style="${CELL}">${text}</td>`);
    return `<tr><td style="${NAME}">${label}</td>${cells.join('')}</tr>`;
  });
  if (rows.length === 0) return '';
  const head = ['least', 'half', '75 %', 'most', 'tasks'].map((text) => `<td style="${CELL}">${text}</td>`);
  return `<table style="font:inherit;border-collapse:collapse"><tr style="color:#5a646e"><td></td>${head.join('')}</tr>${rows.join('')}</table>`;
}

function renderOutliers(array: ArrayReport): string {
  const rows = arrayOutliers(array, MAX_TASKS).map(
    ({ label, tasks }) =>
      `<tr><td style="${NAME};color:#5a646e">${label}</td><td>${escapeHtml(tasks.join(', '))}</td></tr>`,
  );
  return rows.length === 0
    ? ''
    : `<table style="font:inherit;border-collapse:collapse;margin-top:12px">${rows.join('')}</table>`;
}
