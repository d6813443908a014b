import type { StoredNotice } from '../domain/store/policies.ts';
import { type NoticeLinks, renderNoticeHtml, renderNoticeText } from '../report/notice.ts';
import { harmless } from '../report/paper.ts';
import type { Mail } from './send.ts';

const MAX_SUBJECT = 200;

interface NoticeMailOptions extends NoticeLinks {
  readonly to: string;
  readonly from: string;
}

/**
 * Returns the mail of a notice. One that can be ended has the header fields with which mail programs offer
 * that with one click (RFC 2369 and RFC 8058).
 */
export function composeNoticeMail(
  notice: StoredNotice,
  { to, from, publicUrl, refusalUrl }: NoticeMailOptions,
): Mail {
  const links = { publicUrl, refusalUrl };
  const domain = from.slice(from.indexOf('@') + 1);
  return {
    to,
    from,
    subject: harmless(notice.subject.replace(/\s+/g, ' ')).slice(0, MAX_SUBJECT).toWellFormed(),
    text: renderNoticeText(notice, links),
    html: renderNoticeHtml(notice, links),
    messageId: `<notice-${notice.number}.${notice.timeMs}@${domain}>`,
    headers: {
      Precedence: 'bulk',
      ...(refusalUrl !== undefined && {
        'List-Unsubscribe': `<${refusalUrl}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }),
    },
  };
}
