import { expect, test } from 'bun:test';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { watchNodes } from '../../../src/slurm/follow/nodes.ts';
import { programs } from '../../help/programs.ts';

/** Prints two nodes with the separator that its last argument has after its first column. */
const SINFO = `columns=$6; separator=\${columns#NodeList:}; separator=\${separator%%,*}
for node in n1 n2; do
  printf '%s' $node "$separator" idle "$separator" 'batch*' "$separator" 0/4/0/4 "$separator" 1000 "$separator" 0
  printf '%s' "$separator" '(null)' "$separator" '(null)' "$separator" '(null)' "$separator" none "$separator"
  printf '\\n'
done`;

async function watching(scripts: Record<string, string>) {
  const folder = programs(scripts);
  const warnings: unknown[] = [];
  const nodes = watchNodes({
    commands: slurmCommands({ env: folder.env, now: () => 1000, folder: folder.env.PATH }),
    warn: (event, { error, count }) => void warnings.push([event, error ?? count]),
    now: () => 5000,
    everyMs: 10,
  });
  return {
    nodes,
    warnings,
    write: folder.write,
    async runs(count: number) {
      // One more has started: the one before has ended.
      while (nodes.state().runs <= count) await Bun.sleep(5);
    },
    async [Symbol.asyncDispose]() {
      await nodes.stop();
      folder[Symbol.dispose]();
    },
  };
}

test('the nodes of sinfo are known with the time at which it was asked, also while it fails', async () => {
  await using watched = await watching({ sinfo: SINFO });
  expect(watched.nodes.latest()).toBeUndefined();
  await watched.runs(1);
  expect(watched.nodes.latest()).toMatchObject({ timeMs: 5000 });
  expect([...watched.nodes.latest()!.nodes.keys()]).toEqual(['n1', 'n2']);
  watched.write('sinfo', 'echo slurm_load_node: no >&2; exit 1');
  await watched.runs(watched.nodes.state().runs + 1);
  expect(watched.warnings).toEqual([['slurm_nodes_not_read', 'sinfo failed: slurm_load_node: no.']]);
  expect(watched.nodes.latest()!.nodes.size).toBe(2);
  expect(watched.nodes.state().failures).toBeGreaterThan(0);
});

test('output that is no table of nodes is counted in the log, and without sinfo nothing is known', async () => {
  await using odd = await watching({ sinfo: 'echo what' });
  await odd.runs(1);
  expect(odd.warnings[0]).toEqual(['sinfo_unreadable', 1]);
  expect(odd.nodes.latest()!.nodes.size).toBe(0);
  await using none = await watching({});
  await none.runs(1);
  expect([none.nodes.latest(), none.warnings]).toEqual([undefined, []]);
});
