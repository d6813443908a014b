import { expect } from 'bun:test';
import { startOnTerminal } from '../../help/terminal.ts';
import { testWith } from '../../help/tool.ts';

const onTerminal = testWith(['setsid']);

/** Runs statements in a program that has opened the screen. */
const withScreen = (statements: string) =>
  startOnTerminal([
    process.execPath,
    '--eval',
    `import { openScreen } from './src/cli/top/screen.ts';
     const options = { input: process.stdin, output: process.stdout };
     const onKey = (key) => key === 'q' ? process.exit(3) : screen.draw([key]);
     const screen = openScreen({ ...options, onKey, onResize() { screen.draw(['again']); }, onClose() {} });
     ${statements}`,
  ]);

onTerminal('a program that crashes gives the terminal back', async () => {
  for (const crash of ["throw new Error('bug')", "Promise.reject(new Error('bug'))", 'process.exit(1)']) {
    await using terminal = withScreen(`screen.draw(['shown']); setTimeout(() => { ${crash} }, 100);`);
    await terminal.sees(/shown/);
    expect([terminal.isTaken(), terminal.isCooked(), terminal.isCursorShown()]).toEqual([true, false, false]);
    expect(await terminal.ended(), crash).toBe(1);
    expect([terminal.isTaken(), terminal.isCooked(), terminal.isCursorShown()]).toEqual([false, true, true]);
  }
});

onTerminal('a stopped program gives the terminal back, and takes it again when it goes on', async () => {
  await using terminal = withScreen("screen.draw(['shown']); setTimeout(() => screen.suspend(), 100);");
  await terminal.sees(/shown/);
  await terminal.until(() => !terminal.isTaken() && terminal.isCooked());
  terminal.kill('SIGCONT');
  await terminal.sees(/again/);
  expect([terminal.isTaken(), terminal.isCooked()]).toEqual([true, false]);
  terminal.type('\u001b');
  await terminal.sees(/escape/);
  terminal.type('q');
  expect(await terminal.ended()).toBe(3);
});

onTerminal('only lines that changed are written', async () => {
  await using terminal = withScreen(
    "screen.draw(['one', 'two', 'three']); setTimeout(() => screen.draw(['one', 'new', 'three']), 100);",
  );
  await terminal.sees(/one\nnew\nthree/);
  expect(terminal.written().match(/one|two|three|new/g)).toEqual(['one', 'two', 'three', 'new']);
});
