import { formatMb, formatPercent } from '../domain/figures.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import { scriptLines } from '../domain/sizing/sizing.ts';
import { escapeHtml } from './html.ts';
import { describeState, holdingsOf, lifeOf } from './job-facts.ts';
import type { JobReport, ReportOptions } from './job-text.ts';
import { STRIP_SIZE } from './strip.ts';

/** A strip of a mail: what it shows, and the Content-ID of its picture. */
export interface HtmlStrip {
  readonly label: string;
  readonly contentId: string;
}

interface HtmlOptions extends Pick<ReportOptions, 'nowMs' | 'formatTime'> {
  readonly strips: readonly HtmlStrip[];
  /** The page of the job; left out where nobody knows how browsers reach the service. */
  readonly url?: string | undefined;
}

const MAX_FINDINGS = 6;
const COLOURS = { harm: '#a3241b', waste: '#8a5a00', info: '#3d4650' } as const;

/** Renders a run for a mail. Styles are inline, because mail programs drop others. */
export function renderJobHtml({ job, summary, verdict, sizing }: JobReport, options: HtmlOptions): string {
  const { nowMs, formatTime, strips, url } = options;
  const facts = [...holdingsOf(job), ...lifeOf(job, nowMs, formatTime)];
  const { cpuUsage, memoryUsageMb, gpuUsage } = summary.whole;
  const used = [
    cpuUsage && `CPU ${formatPercent(cpuUsage.mean)} on average`,
    memoryUsageMb && `memory ${formatMb(memoryUsageMb.max)} at most`,
    gpuUsage && `GPU ${formatPercent(gpuUsage.mean)} on average`,
  ].filter((part) => part !== undefined);
  return [
    '<div style="font:14px/1.45 sans-serif;color:#1c2126;max-width:600px">',
    `<p style="font-size:17px;margin:0 0 4px"><b>job ${escapeHtml(job.id)}</b> ${escapeHtml(job.details?.name ?? '')} <b>${escapeHtml(describeState(job))}</b></p>`,
    `<p style="color:#5a646e;margin:0 0 12px">${escapeHtml(facts.join(' · '))}</p>`,
    renderFindingsHtml(verdict),
    renderSizing(sizing),
    used.length > 0 ? `<p>${escapeHtml(used.join(' · '))}</p>` : '',
    ...strips.map(
      ({ label, contentId }) =>
        `<p style="margin:8px 0 2px;color:#5a646e">${escapeHtml(label)}</p><img src="cid:${contentId}" alt="${escapeHtml(label)} over time" width="${STRIP_SIZE.width}" height="${STRIP_SIZE.height}">`,
    ),
    url === undefined ? '' : `<p><a href="${escapeHtml(url)}">All of it, live</a></p>`,
    '</div>',
  ].join('');
}

/** Renders the worst findings, or the verdict where there are none. */
export function renderFindingsHtml({ findings, sentence }: Verdict): string {
  const shown = findings.slice(0, MAX_FINDINGS).map(({ severity, message, action }) => {
    const todo = action === undefined ? '' : `<br><code>${escapeHtml(action)}</code>`;
    return `<p style="margin:8px 0;padding-left:10px;border-left:3px solid ${COLOURS[severity]}">${escapeHtml(message)}${todo}</p>`;
  });
  return shown.length > 0 ? shown.join('') : `<p>${escapeHtml(sentence)}</p>`;
}

function renderSizing(sizing: JobReport['sizing']): string {
  if (!sizing || sizing.lack !== undefined) return '';
  const lines = scriptLines(sizing);
  const script = lines.length === 0 ? '' : `<br><code>${lines.map(escapeHtml).join('<br>')}</code>`;
  return `<p style="margin:8px 0">${escapeHtml(sizing.sentence)}${script}</p>`;
}
