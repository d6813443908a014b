/** One request of a table with its expected answer. */
export interface Row {
  readonly send: readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];
  readonly status: number;
  /** The error code of the answer. */
  readonly error?: string;
  /** Words that the message must contain. */
  readonly says?: readonly string[];
}

/** Returns the title of a row. */
export function titleOf({ send: [method, path, body, headers], status }: Row): string {
  const shown = body === undefined ? '' : body instanceof Uint8Array ? ' bytes' : ` ${JSON.stringify(body)}`;
  const sent = headers ? ` ${JSON.stringify(headers)}` : '';
  const title = `${method} ${path}${shown}${sent}`;
  return `${title.length > 150 ? `${title.slice(0, 150)}…` : title} is answered with ${status}`;
}
