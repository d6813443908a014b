import type { JobAnswer } from '../../api/job.ts';

// The rows and columns that are shown, as CSV. Pure.

/** Returns a line a job; the columns have the names of the fields of the API. */
export function writeCsv(jobs: readonly JobAnswer[], fields: readonly (keyof JobAnswer)[]): string {
  const columns = [...new Set(fields)];
  const lines = jobs.map((job) => columns.map((field) => quote(textOf(job, field))).join(','));
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}

/** Usage that was not measured is empty, not 0. */
function textOf(job: JobAnswer, field: keyof JobAnswer): string {
  const isUsage = field === 'cpu_usage' || field === 'memory_usage_mb';
  if (isUsage && job.usage_time === undefined) return '';
  const value = job[field];
  if (Array.isArray(value)) return guard(value.join(' '));
  return typeof value === 'string' ? guard(value) : String(value ?? '');
}

/** An apostrophe before what a spreadsheet would run as a formula, as the API writes it. */
const guard = (text: string): string =>
  /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
