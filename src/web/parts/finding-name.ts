/** Returns the kind of a finding in words: `gpu-unused` is `GPU unused`. */
export const nameFinding = (kind: string): string =>
  kind
    .replaceAll('-', ' ')
    .replace(/\b[cg]pus?\b/g, (word) => word.toUpperCase().replace(/S$/, 's'))
    .replace(/^./, (first) => first.toUpperCase());
