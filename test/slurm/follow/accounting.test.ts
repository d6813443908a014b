import { expect, test } from 'bun:test';
import { chmodSync, writeFileSync } from 'node:fs';
import type { Report } from '../../../src/domain/report.ts';
import { readAccounting } from '../../../src/slurm/follow/accounting.ts';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { temporaryFolder } from '../../help/folder.ts';

// Prints one job for each call; its id contains the requested day.
const SACCT = `#!/bin/sh
for word in "$@"; do
	case $before in -S) day=$word ;; -E) end=$word ;; -s) states=" $word" ;; -o) columns=$word ;; esac
	case $word in --helpformat) echo 'JobIDRaw State'; exit 0 ;; --delimiter=*) mark=\${word#--delimiter=} ;; esac
	before=$word
done
echo "$day $end$states" >>"$(dirname "$0")/calls"
echo "$columns" | tr , '\\n' | while read -r column; do printf '%s%s' "$column" "$mark"; done
echo
echo "$columns" | tr , '\\n' | while read -r column; do
	case $column in JobIDRaw) value=\${day#2026-01-}; value=\${value%%T*}; value=1$value ;; State) value=COMPLETED ;; User) value=alice ;;
	Start) value=1767300000 ;; End) value=1767300060 ;; NodeList) value=n1 ;; *) value= ;; esac
	printf '%s%s' "$value" "$mark"
done
echo
`;

test('an import calls sacct for one day at a time, the oldest first, and for a month of jobs that never became eligible', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('sacct'), SACCT);
  chmodSync(folder.file('sacct'), 0o755);
  const commands = slurmCommands({ env: { PATH: `${folder.path}:${process.env.PATH}` }, now: Date.now });
  const reports: Report[] = [];
  const shares: (number | undefined)[] = [];
  const day = (text: string) => Date.parse(`2026-01-${text}Z`);
  const span = { fromMs: day('01T00:00'), toMs: day('03T12:00'), nowMs: day('20T00:00') };
  await readAccounting(commands, span, {
    deliver: async (some) => void reports.push(...some),
    onUnreadable: ({ examples }) => expect(examples).toEqual([]),
    onProgress: (done) => void shares.push(done),
  });
  expect(await Bun.file(folder.file('calls')).text()).toBe(
    '2026-01-01T00:00:00 2026-01-03T12:00:00 CANCELLED,DEADLINE\n' +
      '2026-01-01T00:00:00 2026-01-02T00:00:00\n2026-01-02T00:00:00 2026-01-03T00:00:00\n2026-01-03T00:00:00 2026-01-03T12:00:00\n',
  );
  expect(reports.map(({ id, user }) => [id, user])).toEqual(
    ['101', '101', '102', '103'].map((id) => [id, 'alice']),
  );
  expect(shares).toEqual([0.4, 0.8, 1]);
});
