import { expect } from 'bun:test';
import { symlinkSync, writeFileSync } from 'node:fs';
import { readStepTrees } from '../../src/agent/cgroup/process-tree.ts';
import { readText } from '../../src/agent/file.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

const pythonTest = testWith(['python3']);

/** Burns CPU time, prints what it used since its birth, and ends when its input does. */
const BURN = `
import resource, sys, time
end = time.process_time() + 1.5
while time.process_time() < end: pass
print(sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))), flush=True)
sys.stdin.read()
`;
/**
 * A first task that ends, and a second one below another shell that goes on; then a third that burns nothing.
 */
const STEPD = 'python3 "$1" < /dev/null; sh -c \'python3 "$1"; true\' sh "$1"; sleep 60; true';

pythonTest(
  'a step without cgroups has the CPU time of its processes, also of those that ended',
  async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('burn.py'), BURN);
    symlinkSync('/bin/sh', folder.file('slurmstepd'));
    const jobId = `${process.pid}`;
    const stepd = Bun.spawn([folder.file('slurmstepd'), '-c', STEPD, 'slurmstepd', folder.file('burn.py')], {
      argv0: `slurmstepd: [${jobId}.0]`,
      stdin: 'pipe',
      stdout: 'pipe',
    });
    try {
      const lines = stepd.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      while (text.split('\n').length < 3) text += (await lines.read()).value ?? '\n\n\n';
      const used = text
        .trim()
        .split('\n')
        .map(Number)
        .reduce((sum, seconds) => sum + seconds);
      const read = () => readStepTrees(pathsUnder('/'), readText).filter((tree) => tree.jobId === jobId);
      const [tree] = read();
      expect(Math.abs(tree!.values.cpu_seconds! / used - 1)).toBeLessThan(0.02);
      // The second task, and the shell that it is below.
      expect(tree!.values.processes).toBe(2);
      expect(tree!.values.memory_anonymous_bytes).toBeGreaterThan(1 << 20);
      stepd.stdin.end();
      while (read()[0]!.values.processes !== 1) await Bun.sleep(20);
      expect(read()[0]!.source).toBe(tree!.source);
      expect(Math.abs(read()[0]!.values.cpu_seconds! / used - 1)).toBeLessThan(0.03);
    } finally {
      for (const pid of childrenOf(stepd.pid)) process.kill(pid, 'SIGKILL');
      stepd.kill('SIGKILL');
      await stepd.exited;
    }
  },
  60_000,
);

const childrenOf = (pid: number): number[] =>
  (readText(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
