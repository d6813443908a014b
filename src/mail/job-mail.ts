import type { Job } from '../domain/job.ts';
import { type HtmlStrip, renderJobHtml } from '../report/job-html.ts';
import { type JobReport, type ReportOptions, renderJobText } from '../report/job-text.ts';
import { PLAIN } from '../report/paper.ts';
import { type Course, drawStrip } from '../report/strip.ts';
import type { Mail } from './send.ts';

/** The means of a run over time, as `max_points` gives them. */
export interface PlotPoint {
  readonly timeMs: number;
  /** In percent. */
  readonly cpuUsage: number;
  /** In MB of 2^20 bytes, the mean of the nodes. */
  readonly memoryUsageMb: number;
  readonly gpuUsage?: number;
}

interface JobMailOptions extends Pick<ReportOptions, 'nowMs' | 'formatTime'> {
  readonly points: readonly PlotPoint[];
  readonly url?: string | undefined;
}

/** Returns what a mail says of a run: text, and HTML with strips of CPU, memory and GPU over time. */
export function composeJobMail(
  report: JobReport,
  { points, url, ...options }: JobMailOptions,
): Pick<Mail, 'text' | 'html' | 'pictures'> {
  const strips = stripsOf(report.job, points);
  const link = url === undefined ? '' : `\n${url}\n`;
  return {
    text: `${renderJobText(report, { ...options, paper: PLAIN })}${link}`,
    html: renderJobHtml(report, { ...options, strips, url }),
    pictures: strips.map(({ contentId, course }) => ({ contentId, png: drawStrip(course) })),
  };
}

type Strip = HtmlStrip & { readonly course: Course };

function stripsOf({ details, nodes }: Job, points: readonly PlotPoint[]): Strip[] {
  // A single point is no course.
  if (points.length < 2) return [];
  const timesMs = points.map(({ timeMs }) => timeMs);
  const strip = (label: string, contentId: string, shares: readonly number[]): Strip => ({
    label,
    contentId,
    course: { timesMs, shares },
  });
  const limitMb = details?.memoryLimitMb;
  const strips = [
    strip(
      'CPU, 0 to 100 %',
      'cpu',
      points.map(({ cpuUsage }) => cpuUsage / 100),
    ),
  ];
  if (limitMb) {
    const shares = points.map(({ memoryUsageMb }) => (memoryUsageMb * Math.max(1, nodes.length)) / limitMb);
    strips.push(strip('Memory, 0 to its limit', 'memory', shares));
  }
  if (points.some(({ gpuUsage }) => gpuUsage !== undefined))
    strips.push(
      strip(
        'GPU, 0 to 100 %',
        'gpu',
        points.map(({ gpuUsage = Number.NaN }) => gpuUsage / 100),
      ),
    );
  return strips;
}
