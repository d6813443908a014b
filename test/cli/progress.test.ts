import { expect, test } from 'bun:test';
import { startProgress } from '../../src/cli/progress.ts';

test('progress is a bar on a terminal and a line now and then elsewhere', () => {
  const draw = (isTerminal: boolean) => {
    let text = '';
    let nowMs = 0;
    const progress = startProgress('x', {
      write: (more) => {
        text += more;
      },
      isTerminal,
      clock: () => nowMs,
    });
    for (const done of [0.1, 0.5, undefined]) {
      nowMs += 10_000;
      progress.show(done, '7 records');
      progress.show(done, 'too soon');
    }
    nowMs += 10_000;
    progress.show(0.7);
    progress.clear();
    return text;
  };
  expect(draw(false)).toBe('x: 10 %, 7 records\nx: 50 %, 7 records\nx: 7 records\nx: 70 %\n');
  expect(draw(true)).toContain(`\rx [${'#'.repeat(15)}${'.'.repeat(15)}] 50 %, 7 records\x1b[K`);
  expect(draw(true)).toEndWith(' 70 %\x1b[K\r\x1b[K');
});
