import { MAX_PART_WEIGHT } from './parts.ts';
import type { Write } from './write.ts';

/** What one transaction may weigh: large enough to make the sync cheap, small enough to keep the wait for it short. */
const MAX_GROUP_WEIGHT = MAX_PART_WEIGHT;
/** A batch that weighs so much takes a millisecond, and needs no turn of its own. */
const SMALL_BATCH_WEIGHT = 500;

interface Waiting {
  readonly write: Write;
  /** Of `weighWrite`. */
  readonly weight: number;
}

/** Whether others go first: a large batch, or the work in the background. A new job is not overtaken, however many nodes it has. */
const isSlow = ({ write, weight }: Waiting): boolean =>
  write.kind === 'expire' || (write.kind !== 'createJob' && weight > SMALL_BATCH_WEIGHT);

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
  let weight = 0;
  for (const [place, one] of waiting.entries()) {
    if (isSlow(one)) continue;
    weight += one.weight;
    if (weight > MAX_GROUP_WEIGHT && places.length > 0) break;
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
