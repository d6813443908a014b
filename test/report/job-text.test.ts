import { expect, test } from 'bun:test';
import { judgeRun } from '../../src/domain/finding/judge.ts';
import { sizeRun } from '../../src/domain/sizing/sizing.ts';
import { formatTime } from '../../src/domain/time.ts';
import { renderJobHtml } from '../../src/report/job-html.ts';
import { renderJobText } from '../../src/report/job-text.ts';
import { type Paper, PLAIN } from '../../src/report/paper.ts';
import { factsOf, GB, type Given, usage } from '../help/run-facts.ts';

function render(given: Given, paper: Paper = PLAIN): string {
  const facts = factsOf(given);
  return renderJobText(
    { job: facts.job, summary: facts.summary, verdict: judgeRun(facts), run: { number: 2, of: 3 } },
    { paper, nowMs: facts.nowMs, formatTime: (timeMs) => formatTime(timeMs).slice(0, 16) },
  );
}

const IDLE: Given = {
  whole: usage(95, 90 * GB, 0),
  nodes: {
    n1: {
      ...usage(95, 90 * GB, 0),
      gpus: [{ gpu: 'GPU-0123456789abcdef', utilizationPercent: { mean: 0, max: 0 } }],
    },
  },
  job: { details: { name: 'train', account: 'physics', gpus: 1, submitTimeMs: -60_000 } },
};

test('a report has the facts, the findings with what to do, bars, nodes and GPUs', () => {
  expect(render(IDLE)).toBe(`job 1 train  completed, run 2 of 3
user alice, account physics, 1 node, 32 CPUs, 100 GB, 1 GPU
submitted 1969-12-31T23:59, waited 1 min, started 1970-01-01T00:00,
ran 1 h of 1 h 15 min

WASTE It held 1 GPU and used none in 1 h.
  → Ask for no GPU, or find out why the program does not see it.

CPU     ███████████████████·  95 %  of 32 CPUs on average
Memory  ██████████████████··  90 %  90 GB of 100 GB at most
GPU     ····················   0 %  of 1 GPU on average
Time    ████████████████····  80 %  1 h of 1 h 15 min

node            CPU mean  most  memory mean   most  GPU mean  most  samples
n1                  95 %  95 %        90 GB  90 GB       0 %   0 %      240
  GPU-01234567                                           0 %   0 %

Nothing found for: its end, CPU, memory, time.
`);
});

test('without symbols and with colours it says the same', () => {
  const colours = render(IDLE, { hasColors: true, hasSymbols: true });
  expect(colours).toContain('\u001b[33mWASTE \u001b[0mIt held 1 GPU');
  expect(colours.replace(/\u001b\[\d+m/g, '')).toBe(render(IDLE));
  const ascii = render(IDLE, { hasColors: false, hasSymbols: false });
  expect(ascii).toMatch(/^[\u0000-\u007f]*$/);
  expect(ascii).toContain('CPU     ###################.  95 %');
});

test('what was not measured has no bar and no column', () => {
  const text = render({ whole: { samples: 0, observedSeconds: 0 }, nodes: {} });
  expect(text).toContain('Too little was measured to judge it.');
  expect(text).not.toContain('CPU     ');
  expect(text).not.toContain('GPU');
});

test('names that would move the cursor of a terminal do not, and no line of text is wider than 80 columns', () => {
  const name = `\u001b[2J\u009b31m\r${'long '.repeat(40)}`;
  const text = render({
    ...IDLE,
    job: { user: 'eve\u001b]0;title\u0007', details: { ...IDLE.job?.details, name } },
  });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(text.split('\n').filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
});

test('wide characters take two columns, so that columns stand below each other', () => {
  const names = ['計算ノード一', 'n2', 'ノード'.repeat(20)];
  const nodes = Object.fromEntries(names.map((name) => [name, usage(50, GB)]));
  const text = render({ nodes, job: { user: '山田', details: { name: '計算'.repeat(40) } } });
  const lines = text.split('\n');
  expect(lines.filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  const ends = lines.filter((line) => line.includes(' 1 GB')).map((line) => Bun.stringWidth(line));
  expect(ends).toEqual([ends[0]!, ends[0]!, ends[0]!]);
});

test('of many nodes the idlest are shown, and the rest are counted', () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`n${index}`, usage(60 + index / 2, GB)]),
  );
  const text = render({ nodes, whole: usage(70, 40 * GB) });
  expect(text).toContain('n0        60 %');
  expect(text).not.toContain('n39 ');
  expect(text).toContain('and 28 busier nodes');
});

test('what the next run needs is written as lines to be copied, in the terminal and in mails', () => {
  const facts = factsOf({ job: { details: { name: 'train<b>', timeLimitSeconds: 86_400 } } });
  const report = (runs: number) => ({
    job: facts.job,
    summary: facts.summary,
    verdict: judgeRun(facts),
    sizing: sizeRun(
      facts.job,
      Array.from({ length: runs }, () => ({ seconds: 3600 })),
      facts.thresholds,
    ),
  });
  const options = { paper: PLAIN, nowMs: facts.nowMs, formatTime, strips: [] };
  expect(renderJobText(report(7), options)).toContain(
    'The last 7 runs of train<b> used at most 1 h of 1 d. For the next:\n  #SBATCH --time=1:30:00\n',
  );
  const waits = { ...report(7), job: { ...facts.job, state: 'pending' as const } };
  expect(renderJobText(waits, options)).toContain(
    'of 1 d. Before it starts, it could\nask for:\n  #SBATCH --time=1:30:00\n',
  );
  expect(renderJobHtml(report(7), options)).toContain(
    'The last 7 runs of train&lt;b&gt; used at most 1 h of 1 d.<br><code>#SBATCH --time=1:30:00</code>',
  );
  expect(renderJobText(report(2), options)).not.toContain('next run');
});
