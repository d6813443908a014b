import { formatCount } from '../domain/figures.ts';
import type { Notice, NoticeJob, NoticePart } from '../domain/policy/notice.ts';
import { escapeHtml } from './html.ts';
import { harmless, wrap } from './paper.ts';

const WIDTH = 76;

/** Where a notice leads. */
export interface NoticeLinks {
  /** The service as browsers reach it; no links if it is not known. */
  readonly publicUrl?: string | undefined;
  /** Where a digest is ended. */
  readonly refusalUrl?: string | undefined;
}

/** Renders a notice as text of 76 columns. Names of jobs cannot add lines to it. */
export function renderNoticeText(notice: Notice, { publicUrl, refusalUrl }: NoticeLinks): string {
  const parts = notice.parts.map((part) =>
    [
      `${plain(part.title)}\n`,
      ...part.lines.map((line) => wrap(plain(line), WIDTH, '  ')),
      ...part.jobs.map((job) => jobText(job, publicUrl)),
      ...moreText(part),
    ].join(''),
  );
  const end = refusalUrl === undefined ? '' : `\nNo more digests: ${refusalUrl}\nor hpc-observe digest off\n`;
  return [textOf(notice.says), ...parts].join('\n') + end;
}

/** What a site says has its own line breaks. */
const textOf = (says: string): string =>
  says
    .trim()
    .split('\n')
    .map((line) => wrap(harmless(line), WIDTH))
    .join('');

const MAX_NAME = 60;

/** Users choose names, and programs of mail and chats make no links of them. */
const plain = (text: string): string =>
  harmless(text).replaceAll('://', ':\u200b//').replaceAll('www.', 'www\u200b.');

const plainName = (name: string): string =>
  plain(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);

function jobText({ id, name = '', text, action }: NoticeJob, publicUrl: string | undefined): string {
  const head = ['job', plain(id), plainName(name)].filter(Boolean).join(' ');
  return [
    wrap(`- ${head}: ${plain(text)}`, WIDTH, '  '),
    action === undefined ? '' : wrap(`-> ${plain(action)}`, WIDTH, '    '),
    publicUrl === undefined ? '' : `    ${publicUrl}/jobs/${encodeURIComponent(id)}\n`,
  ].join('');
}

const moreText = ({ more }: NoticePart): string[] =>
  more > 0 ? [`  and ${formatCount(more, 'more job')}.\n`] : [];

/** Renders a notice for a mail. Styles are inline, because mail programs drop others. */
export function renderNoticeHtml(notice: Notice, { publicUrl, refusalUrl }: NoticeLinks): string {
  const job = ({ id, name = '', text, action }: NoticeJob) => {
    const label = `job ${escapeHtml(plain(id))}`;
    const link =
      publicUrl === undefined
        ? label
        : `<a href="${escapeHtml(`${publicUrl}/jobs/${encodeURIComponent(id)}`)}">${label}</a>`;
    const todo = action === undefined ? '' : `<br><code>${escapeHtml(plain(action))}</code>`;
    return `<li style="margin:6px 0"><b>${link}</b> ${escapeHtml(plainName(name))}<br>${escapeHtml(plain(text))}${todo}</li>`;
  };
  const parts = notice.parts.map(
    (part) =>
      `<p style="margin:14px 0 2px"><b>${escapeHtml(plain(part.title))}</b></p>` +
      part.lines.map((line) => `<p style="margin:2px 0">${escapeHtml(plain(line))}</p>`).join('') +
      `<ul style="margin:2px 0;padding-left:18px">${part.jobs.map(job).join('')}</ul>` +
      moreText(part)
        .map((line) => `<p style="margin:2px 0">${line.trim()}</p>`)
        .join(''),
  );
  const end =
    refusalUrl === undefined
      ? ''
      : `<p style="color:#5a646e;margin-top:18px"><a href="${escapeHtml(refusalUrl)}">No more digests</a></p>`;
  return `<div style="font:14px/1.45 sans-serif;color:#1c2126;max-width:600px"><p>${escapeHtml(
    notice.says.trim(),
  ).replaceAll('\n', '<br>')}</p>${parts.join('')}${end}</div>`;
}

/**
 * Renders a notice for a chat. Names cannot call people or become links: `<`, `>` and `&` are escaped as
 * Slack and Mattermost expect it, and a mark after each `@` keeps it from being a call.
 */
export function renderNoticeChat(notice: Notice, links: NoticeLinks): string {
  const text = `${plain(notice.subject)}\n${renderNoticeText(notice, links)}`;
  return text.replace(/[&<>]/g, (character) => CHAT_ESCAPES[character]!).replaceAll('@', '@\u200b');
}

const CHAT_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
