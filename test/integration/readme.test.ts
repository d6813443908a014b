import { expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { testWith } from '../help/tool.ts';

interface Step {
  readonly command: string;
  /** The lines that the README shows as its output. */
  readonly output: readonly string[];
}

/** Reads the commands of the tour; the comments right below a command are its output. */
function readTour(): Step[] {
  const block = /^## A tour\n.*?^```sh\n(.*?)^```/ms.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
  const steps: { command: string; output: string[] }[] = [];
  let isOutput = false;
  for (const line of block.split('\n')) {
    const comment = /^# (.*)$/.exec(line)?.[1];
    if (comment !== undefined && isOutput) steps.at(-1)!.output.push(comment);
    if (comment !== undefined) continue;
    isOutput = line !== '';
    if (isOutput) steps.push({ command: line, output: [] });
  }
  return steps;
}

const withoutTimes = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');

testWith(['bash', 'curl'])('the commands of the tour in README.md print what the README shows', async () => {
  await using server = await serve();
  const { host } = new URL(server.url);
  const steps = readTour();
  expect(steps.filter(({ output }) => output.length > 0).length).toBeGreaterThan(5);
  const script = steps.map(({ command }) => `${command}\necho; echo ---`).join('\n');
  const child = Bun.spawn(['bash', '-c', script.replaceAll('127.0.0.1:8080', host)], {
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 30_000,
  });
  const outputs = (await new Response(child.stdout).text()).split('\n---\n');
  expect(await new Response(child.stderr).text()).toBe('');
  for (const [index, { command, output }] of steps.entries()) {
    const lines = outputs[index]!.split(/\r?\n/).filter((line) => line !== '');
    if (output.length > 0) expect(lines.map(withoutTimes), command).toEqual(output.map(withoutTimes));
    else if (command.startsWith('curl')) expect(lines.join(), command).toStartWith('{');
  }
});
