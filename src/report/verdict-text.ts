import type { Finding, Subject } from '../domain/finding/finding.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import { harmless, type Ink, ink, type Paper, wrap } from './paper.ts';

const WIDTH = 80;
const MAX_FINDINGS = 6;

/** How severities are coloured. */
export const SEVERITY_INK: Partial<Record<Finding['severity'], Ink>> = { harm: 'harm', waste: 'waste' };

/** Renders findings, the worst first, each with what to do; else the sentence of the verdict. */
export function renderFindings({ sentence, findings }: Verdict, paper: Paper): string {
  if (findings.length === 0) return wrap(harmless(sentence), WIDTH);
  const arrow = paper.hasSymbols ? '→' : '->';
  return findings
    .slice(0, MAX_FINDINGS)
    .map(({ severity, message, action }) => {
      const mark = severity === 'info' ? '' : `${severity.toUpperCase()} `;
      const [first = '', ...rest] = wrap(harmless(`${mark}${message}`), WIDTH).split('\n');
      const coloured = mark && first.startsWith(mark) ? ink(paper, SEVERITY_INK[severity], mark) : '';
      const shown = coloured ? coloured + first.slice(mark.length) : first;
      return [shown, ...rest].join('\n') + (action ? wrap(harmless(`${arrow} ${action}`), WIDTH, '  ') : '');
    })
    .join('');
}

const SUBJECT_WORDS: Readonly<Record<Subject, string>> = {
  end: 'its end',
  queue: 'its wait',
  gpu: 'GPU',
  cpu: 'CPU',
  nodes: 'nodes',
  memory: 'memory',
  time: 'time',
};

/** Says what was found well, and what could not be judged and why: a line each. */
export function describeJudged(verdict: Verdict): string[] {
  const fine = verdict.fine.map((subject) => SUBJECT_WORDS[subject]);
  const unjudged = [...Map.groupBy(verdict.unjudged, ({ why }) => why)].map(
    ([why, some]) => `${some.map(({ subject }) => SUBJECT_WORDS[subject]).join(', ')} (${why})`,
  );
  return [
    ...(fine.length > 0 ? [`Nothing found for: ${fine.join(', ')}.`] : []),
    ...(unjudged.length > 0 ? [`Not judged: ${unjudged.join('; ')}.`] : []),
  ];
}

/** Renders lines that stand back. */
export const renderSoftly = (lines: readonly string[], paper: Paper): string =>
  lines.map((line) => `${ink(paper, 'soft', wrap(line, WIDTH).trimEnd())}\n`).join('');
