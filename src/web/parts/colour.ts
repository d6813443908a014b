/** Returns the value of a token for a canvas, which does not know light-dark(): a probe resolves it. */
export function colourOf(element: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** Returns `levels` colours from one token to another, both of the form rgb(…). */
export function scaleOf(element: HTMLElement, low: string, high: string, levels: number): string[] {
  const [from, to] = [low, high].map((token) => channelsOf(colourOf(element, token)));
  return Array.from({ length: levels }, (_, level) => {
    const share = level / (levels - 1);
    const channels = from!.map((channel, place) => Math.round(channel + share * (to![place]! - channel)));
    return `rgb(${channels.join()})`;
  });
}

const channelsOf = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
