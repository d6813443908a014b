import { MEDIA_TYPE, ROW_FORMATS, type RowFormat } from '../../api/media-type.ts';

/**
 * Reads the values of an Accept or Accept-Encoding header
 * with their qualities (RFC 9110, 12.4.2), 1 by default.
 */
function readQualities(header: string): Map<string, number> {
  const qualities = new Map<string, number>();
  for (const item of header.toLowerCase().split(',')) {
    const [value = '', ...parameters] = item.split(';').map((part) => part.trim());
    const quality = parameters.map((one) => /^q=([01](?:\.\d{0,3})?)$/.exec(one)?.[1]).find(Boolean);
    qualities.set(value, quality === undefined ? 1 : Math.min(1, Number(quality)));
  }
  return qualities;
}

/** Returns the format that an Accept header prefers; JSON if it prefers no other or accepts none. */
export function chooseFormat(accept: string | null): RowFormat {
  if (accept === null || accept === '*/*') return 'json';
  const qualities = readQualities(accept);
  const rated = ROW_FORMATS.map((format) => ({ format, ...rate(MEDIA_TYPE[format], qualities) }));
  // Sorting is stable, so JSON stays before a format that is rated the same.
  rated.sort((a, b) => b.quality - a.quality || b.precision - a.precision);
  return rated[0]!.quality > 0 ? rated[0]!.format : 'json';
}

/** Rates a media type by the most precise range that contains it: itself, its family, or everything. */
function rate(mediaType: string, qualities: ReadonlyMap<string, number>) {
  const ranges = ['*/*', mediaType.replace(/\/.*/, '/*'), mediaType];
  for (const precision of [2, 1, 0]) {
    const quality = qualities.get(ranges[precision]!);
    if (quality !== undefined) return { quality, precision };
  }
  return { quality: 0, precision: 0 };
}

/**
 * Returns whether an Accept-Encoding header allows gzip;
 * `gzip;q=0` forbids it, `*` stands for encodings not named.
 */
export function acceptsGzip(header: string | null): boolean {
  const qualities = readQualities(header ?? '');
  return (qualities.get('gzip') ?? qualities.get('*') ?? 0) > 0;
}
