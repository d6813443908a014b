/** A number of this many digits is still an exact integer as a double. */
const MAX_DIGITS = 15;

/**
 * Consecutive nodes of a list whose names are equal up to their last number, each range of numbers as its
 * text.
 */
interface Group {
  readonly prefix: string;
  readonly ranges: string[];
}

/**
 * Returns a Slurm node list, as `scontrol show hostlist` writes it: `n[01-03,07],login1`. The order is kept;
 * only the number at the end of a name goes into brackets, because Slurm 22.05 refuses any other.
 * `expandNodes` returns the same nodes in the same order, repeats included, unless a name contains a comma, a
 * bracket or white space.
 */
export function compressNodes(nodes: readonly string[]): string {
  const texts: string[] = [];
  let group: Group | undefined;
  let first = '';
  let last = '';

  function endRange(): void {
    group?.ranges.push(first === last ? first : `${first}-${last}`);
  }
  function endGroup(): void {
    if (!group) return;
    endRange();
    const { prefix, ranges } = group;
    const isOne = ranges.length === 1 && first === last;
    texts.push(isOne ? prefix + first : `${prefix}[${ranges.join(',')}]`);
    group = undefined;
  }

  for (const node of nodes) {
    const digits = countDigits(node);
    const prefix = node.slice(0, node.length - digits);
    const number = node.slice(node.length - digits);
    if (digits === 0 || digits > MAX_DIGITS) {
      endGroup();
      texts.push(node);
    } else if (group?.prefix !== prefix) {
      endGroup();
      group = { prefix, ranges: [] };
      first = last = number;
    } else if (number === String(Number(last) + 1).padStart(first.length, '0')) {
      last = number;
    } else {
      endRange();
      first = last = number;
    }
  }
  endGroup();
  return texts.join(',');
}

/** Counts the digits at the end of a name. */
function countDigits(name: string): number {
  let at = name.length;
  while (at > 0 && name.charCodeAt(at - 1) >= 48 && name.charCodeAt(at - 1) <= 57) at--;
  return name.length - at;
}
