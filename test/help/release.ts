import { existsSync, readFileSync } from 'node:fs';

/** A Slurm that the tests start: this machine's own, or that of another Debian release, which `slurm-root` unpacks. */
export interface Release {
  /** Such as `24.11.5`; undefined while there is none on this machine. */
  readonly version: string | undefined;
  /** What makes it be there. */
  readonly remedy: string;
  /** What comes before a command that is to be run with the programs of that release: it sees the rest of this machine. */
  readonly enter: readonly string[];
}

const ROOTS = process.env.SLURM_TEST_ROOTS ?? '/var/cache/hpc-observe-test';

/** The oldest Slurm that is supported comes with this Debian, and newer ones with later ones. */
export const OLDEST: Release = {
  version: ownVersion(),
  remedy: 'install the packages that .ci/run names',
  enter: [],
};
export const MIDDLE = releaseOf('trixie');
export const NEWEST = releaseOf('sid');

function releaseOf(suite: string): Release {
  const folder = `${ROOTS}/${suite}`;
  const file = `${folder}/version`;
  return {
    version: existsSync(file) ? readVersion(readFileSync(file, 'utf8')) : undefined,
    remedy: `run test/help/slurm-root ${suite}`,
    enter: ['unshare', '--mount', '--', 'sh', '-c', 'mount --bind "$0" /usr && exec "$@"', `${folder}/usr`],
  };
}

function ownVersion(): string | undefined {
  return Bun.which('slurmctld') === null
    ? undefined
    : readVersion(Bun.spawnSync(['slurmctld', '-V']).stdout.toString());
}

function readVersion(text: string): string | undefined {
  return /\d+\.\d+\S*/.exec(text)?.[0];
}

/** Whether the release is of this version, such as `24.11`, or of a later one. */
export const isSince = ({ version }: Release, wanted: string): boolean =>
  version !== undefined && Bun.semver.order(padded(version), padded(wanted)) >= 0;

/** Slurm writes its months with a zero, which is no number of a semantic version. */
const padded = (version: string) => `${version.split('.').slice(0, 2).map(Number).join('.')}.0`;
