import { findLikely } from '../domain/suggest.ts';
import type { Faults } from './faults.ts';
import { keyOf, variableOf } from './setting.ts';

/** A value as text, and where it came from. */
export interface Given {
  readonly text: string;
  readonly origin: string;
}

/** What one source gives, by the name of the setting. */
export type Source = ReadonlyMap<string, Given>;

const PREFIX = 'HPC_OBSERVE_';

/**
 * Reads the HPC_OBSERVE_* variables. One that names no setting
 * of any command is a fault: it is most likely a typo.
 */
export function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
  faults: Faults,
): Source {
  const given = new Map<string, Given>();
  const known = new Map(names.map((name) => [variableOf(name), name]));
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const name = known.get(variable);
    if (name) given.set(name, { text, origin: variable });
    else {
      const likely = findLikely(variable, [...known.keys()]);
      faults.add(
        `${variable} is not a known variable${likely ? `. Did you mean ${likely}?` : '; see --help.'}`,
      );
    }
  }
  return given;
}

/**
 * Reads a configuration file's text as TOML; keys are the names of settings with _ for -. Those in `lists`
 * may be arrays.
 */
export function readToml(
  path: string,
  text: string,
  names: readonly string[],
  lists: ReadonlySet<string>,
  faults: Faults,
): Source {
  const given = new Map<string, Given>();
  const known = new Map(names.map((name) => [keyOf(name), name]));
  for (const [key, value] of Object.entries(parseToml(path, text, faults))) {
    const origin = `${key} in ${path}`;
    const name = known.get(key);
    if (!name) faults.add(`${origin} is not a known setting; see --help.`);
    else if (Array.isArray(value) && lists.has(name)) given.set(name, { text: value.join(','), origin });
    else if (typeof value === 'object') faults.add(`${origin} must be one value, not a table or a list.`);
    else given.set(name, { text: String(value), origin });
  }
  return given;
}

function parseToml(path: string, text: string, faults: Faults): Record<string, unknown> {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    // Without the value that Bun quotes, which may be a secret.
    const [, reason] = /^(?:TOML Parse error: )?(.*?)(?:: ".*)?$/s.exec((error as Error).message)!;
    faults.add(`${path} is not valid TOML: ${reason}.`);
    return {};
  }
}
