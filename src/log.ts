import { OperatorError } from './domain/errors.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';

type Fields = Record<string, unknown>;

/**
 * One line an event: what happened, then the fields that tell it from others. Bodies of requests do not
 * belong in.
 */
export type Log = Record<LogLevel, (event: string, fields?: Fields) => void>;

interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createLog({ level, format, write, now }: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(level);
  const render = format === 'json' ? renderJson : renderText;
  const at = (lineLevel: LogLevel) =>
    LOG_LEVELS.indexOf(lineLevel) < least
      ? () => {}
      : (event: string, fields: Fields = {}) =>
          write(`${render(new Date(now()), lineLevel, event, fields)}\n`);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function renderJson(time: Date, level: LogLevel, event: string, fields: Fields): string {
  return JSON.stringify({ time: time.toISOString(), level, event, ...fields }, (_, value) =>
    value instanceof Error ? explainCause(value) : value,
  );
}

function renderText(time: Date, level: LogLevel, event: string, fields: Fields): string {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${renderValue(value)}`);
  return `${time.toISOString()} ${level.toUpperCase().padEnd(5)} ${event}${rest.join('')}`;
}

function renderValue(value: unknown): string {
  const text = value instanceof Error ? explainCause(value) : String(value);
  return /^[\w./:-]+$/.test(text) ? text : JSON.stringify(text);
}

/**
 * Renders an error with its causes, and the stack of the innermost one, unless it is what an operator can
 * fix.
 */
function explainCause(error: Error): string {
  if (error instanceof OperatorError) return error.message;
  if (error.cause instanceof Error)
    return `${error.name}: ${error.message}; caused by ${explainCause(error.cause)}`;
  return error.stack ?? `${error.name}: ${error.message}`;
}
