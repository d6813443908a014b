import { type Answers, answerKeeper } from '../answer-keeper.ts';
import { makeOverview, type Overview, type OverviewSources } from './overview.ts';

/** Overviews of the cluster: one of 20,000 running jobs takes a tenth of a second to make. */
export type Overviews = Answers<Overview>;

interface KeeperOptions extends OverviewSources {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly maxKept?: number;
}

/** Keeps the latest overview of each sight. */
export const overviewKeeper = ({ now, maxKept, ...sources }: KeeperOptions): Overviews =>
  answerKeeper({ make: (sight, nowMs) => makeOverview(sources, sight, nowMs), now, maxKept });
