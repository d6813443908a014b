import { existsSync, readFileSync } from 'node:fs';

/**
 * A Slurm for the tests: this machine's own, or that of another Debian release, which `slurm-root` unpacks.
 */
export interface Release {
  /** Such as `24.11.5`; undefined if it is not installed. */
  readonly version: string | undefined;
  /** How to install it. */
  readonly remedy: string;
  /** The words before a command that make it run with the release's programs and the rest of this machine. */
  readonly enter: readonly string[];
}

const ROOTS = process.env.SLURM_TEST_ROOTS ?? '/var/cache/hpc-observe-test';

/** The oldest tested Slurm comes with this Debian, newer ones with later releases. */
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

/** Returns whether the release is of this version, such as `24.11`, or a later one. */
export const isSince = ({ version }: Release, wanted: string): boolean =>
  version !== undefined && Bun.semver.order(padded(version), padded(wanted)) >= 0;

/** Removes the leading zero of Slurm's months, which semantic versions do not allow. */
const padded = (version: string) => `${version.split('.').slice(0, 2).map(Number).join('.')}.0`;
