import { codeOf, explainReason } from '../pending-reason.ts';
import type { Rule } from './finding.ts';

/** Finds jobs that wait for something that will not come by itself. */
export const WAITS: Rule = {
  subject: 'queue',
  kinds: {
    'waits-in-vain': 'it waits for something that will not come by itself',
  },
  judge({ job: { state, details = {} } }) {
    if (state !== 'pending') return undefined;
    const { reason } = details;
    const known = reason === undefined ? undefined : explainReason(reason);
    if (!known) return { unjudged: 'its reason to wait is not known' };
    if (known.cause !== 'request' && codeOf(reason!) !== 'DependencyNeverSatisfied') return 'fine';
    return {
      kind: 'waits-in-vain',
      subject: 'queue',
      severity: 'harm',
      message: `It will not start by itself: ${known.meaning.charAt(0).toLowerCase()}${known.meaning.slice(1)}`,
      action: known.action,
    };
  },
};
