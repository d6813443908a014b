import { rowsOf, type Write } from './write.ts';

/** Rows of one transaction: large enough to make the sync cheap, small enough to keep the wait for it short. */
const MAX_GROUP_ROWS = 5_000;
/** A batch of so many samples takes a millisecond, and needs no turn of its own. */
const SMALL_BATCH_ROWS = 500;

interface Waiting {
  readonly write: Write;
}

/** Whether others go first: many samples at once, or the work in the background. */
const isSlow = ({ write }: Waiting): boolean =>
  write.kind === 'expire' || (write.kind === 'recordSamples' && write.samples.length > SMALL_BATCH_ROWS);

/**
 * Says which of the waiting writes make up the next transaction, by their places. Slow ones, each alone, and all others
 * take turns, so that a single sample waits for one batch or step at most, and a batch for those before it and one group
 * of later ones. Among the slow ones, and among the others, the order of arrival stays, and a slow one never overtakes
 * an earlier write: a batch finds the job whose creation was submitted before it. Only later small writes may overtake it.
 */
export function turnTaker(): (waiting: readonly Waiting[]) => number[] {
  let isTurnOfSlow = false;
  return (waiting) => {
    const slow = waiting.findIndex(isSlow);
    const others = placesOfOthers(waiting);
    const isOldest = slow === 0;
    const places = slow >= 0 && ((isTurnOfSlow && isOldest) || others.length === 0) ? [slow] : others;
    isTurnOfSlow = !isSlow(waiting[places[0]!]!);
    return places;
  };
}

/** The oldest writes that are not slow and fit into one transaction; one alone may be larger. */
function placesOfOthers(waiting: readonly Waiting[]): number[] {
  const places: number[] = [];
  let rows = 0;
  for (const [place, one] of waiting.entries()) {
    if (isSlow(one)) continue;
    rows += rowsOf(one.write);
    if (rows > MAX_GROUP_ROWS && places.length > 0) break;
    places.push(place);
  }
  return places;
}

/** Takes the members at ascending places out of a list, and returns them. */
export function takePlaces<Member>(list: Member[], places: readonly number[]): Member[] {
  if (places.at(-1) === places.length - 1) return list.splice(0, places.length);
  const taken = places.map((place) => list[place]!);
  const chosen = new Set(places);
  const rest = list.filter((_, place) => !chosen.has(place));
  list.splice(0, list.length, ...rest);
  return taken;
}
