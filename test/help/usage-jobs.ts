import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Cluster } from './cluster.ts';

/** Burns one CPU for a time or until a file is there, and writes every half second what it used. */
const BURN = `
use Time::HiRes qw(time);
my ($account, $seconds, $stop) = @ARGV;
open my $out, '>', $account or die $!;
$out->autoflush(1);
my ($end, $next) = (time + $seconds, 0);
sub account { my ($user, $system) = times; printf $out "%d %.2f\\n", time * 1000, $user + $system }
account();
while (time < $end && !-e $stop) {
  for (1 .. 100000) {}
  next if time < $next;
  account();
  $next = time + 0.5;
}
account();
`;

/** Takes 2 MB more every second, until it is killed. */
const LEAK = `
my @held;
for (my $i = 0; ; $i++) { push @held, chr(65 + $i % 26) x (1 << 20) . $i; select undef, undef, undef, 0.5 }
`;

/** What a program used by a moment, by its own account. */
export interface Account {
  readonly timeMs: number;
  readonly cpuSeconds: number;
}

/** Jobs that are known to use what they use. */
export function usageJobs(cluster: Cluster) {
  const folder = cluster.file('usage');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const [burn, leak, stop] = ['burn.pl', 'leak.pl', 'stop'].map((name) => `${folder}/${name}`);
  writeFileSync(burn!, BURN);
  writeFileSync(leak!, LEAK);
  const burning = (account: string, seconds: number) =>
    // Other tests run at the same time.
    `nice -n 19 perl ${burn} ${folder}/${account} ${seconds} ${stop}`;
  return {
    /** The command that burns one CPU for some seconds at most. */
    burning,
    leaking: `perl ${leak}`,
    /** Ends everything that burns. */
    stop: () => writeFileSync(stop!, ''),
    /** Reads what a burning program wrote. */
    accountOf: (account: string): Account[] =>
      readFileSync(`${folder}/${account}`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => {
          const [timeMs, cpuSeconds] = line.split(' ').map(Number) as [number, number];
          return { timeMs, cpuSeconds };
        }),
  };
}

/** Returns the CPU seconds of an account at a moment, between its lines in proportion. */
export function secondsAt(account: readonly Account[], timeMs: number): number {
  const after = account.findIndex((line) => line.timeMs >= timeMs);
  if (after < 0) return account.at(-1)!.cpuSeconds;
  if (after === 0) return account[0]!.cpuSeconds;
  const [one, other] = [account[after - 1]!, account[after]!];
  const share = (timeMs - one.timeMs) / (other.timeMs - one.timeMs);
  return one.cpuSeconds + share * (other.cpuSeconds - one.cpuSeconds);
}
