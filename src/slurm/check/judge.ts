import { type Checkup, missing, ok, wrong } from '../../domain/checkup.ts';
import { adviseSpool, HOOK_SETTINGS, type HookKind, renderHook } from '../hooks/scripts.ts';
import { hidesJobs, type SlurmConfig } from '../records/slurm-conf.ts';

/** A hook script named in slurm.conf. */
export interface ScriptFile {
  readonly path: string;
  /** Undefined if it cannot be read. */
  readonly text: string | undefined;
  readonly isExecutable: boolean;
  /** The first folder of its path that the user who runs it may not enter. */
  readonly closedFolder?: string | undefined;
}

/** Returns whether a script was written by `hpc-observe slurm hooks`. */
export const isOurScript = (text: string): boolean => text.includes('\n# hpc-observe: ');

/** Returns the folder that one of our scripts writes to. */
export function spoolOf(text: string): string | undefined {
  const match = /^spool='(.*)'$/m.exec(text);
  return match?.[1]?.replaceAll("'\\''", "'");
}

/** What is lost without each hook. */
const COSTS: Record<HookKind, string> = {
  prolog_slurmctld:
    'Starts of jobs are seen only by squeue, up to 30 s late, and shorter jobs only in their records',
  epilog_slurmctld: 'Ends of jobs are seen up to 30 s late',
  prolog_slurmd: 'The GPUs of jobs on this node are unknown',
  epilog_slurmd: 'The time at which a job has left this node is unknown',
};

/** Judges one hook by the scripts that Slurm runs for it. `folder` is where our scripts are or should be. */
export function judgeHook(kind: HookKind, scripts: readonly ScriptFile[], folder: string): Checkup {
  const { setting, file } = HOOK_SETTINGS[kind];
  const line = `${setting}=${folder}/${file}`;
  if (scripts.length === 0)
    return missing(
      `${setting} is not set. ${COSTS[kind]}.`,
      `Run hpc-observe slurm hooks ${folder}, then set in slurm.conf: ${line}`,
    );
  const unreadable = scripts.find(({ text }) => text === undefined);
  const own = scripts.find(({ text }) => text !== undefined && isOurScript(text));
  if (!own && unreadable)
    return wrong(
      `${setting} is ${unreadable.path}, which cannot be read: Slurm delays jobs whose hook fails.`,
      `Run hpc-observe slurm hooks ${folder}, then set in slurm.conf: ${line}`,
    );
  if (!own && scripts.some(({ path }) => path === `${folder}/${file}`))
    return missing(
      `${folder}/${file} is another script with the name of ours. ${COSTS[kind]}.`,
      `Rename that script, in slurm.conf too, run hpc-observe slurm hooks ${folder}, and call our script at the end of that one.`,
    );
  if (!own)
    return missing(
      `${setting} is ${scripts.map(({ path }) => path).join(', ')}, which is not our script. ${COSTS[kind]}.`,
      `Run hpc-observe slurm hooks ${folder}, and call ${folder}/${file} at the end of that script.`,
    );
  const { path, text = '', isExecutable, closedFolder } = own;
  if (closedFolder !== undefined)
    return wrong(
      `${setting} is ${path}, and the user who runs it may not enter ${closedFolder}: Slurm delays jobs whose hook fails.`,
      `chmod o+x ${closedFolder}`,
    );
  if (!isExecutable) return wrong(`${setting}: ${path} is not executable.`, `chmod 755 ${path}`);
  const other = /^kind=(\w+)$/m.exec(text)?.[1];
  if (other !== kind)
    return wrong(`${setting} is ${path}, which is the script of ${other}.`, `Set in slurm.conf: ${line}`);
  if (text !== renderHook(kind, spoolOf(text) ?? ''))
    return wrong(
      `${setting}: ${path} was written by another version of hpc-observe, or was changed.`,
      `Run hpc-observe slurm hooks ${folder}`,
    );
  return ok(`${setting} is our script ${path}.`);
}

/** A folder's owner and permissions, from stat(2). */
export interface FolderState {
  readonly uid: number;
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly isFolder: boolean;
}

/** Judges the spool folder, to which hooks write as the user `slurmUid`. */
export function judgeSpool(
  folder: string,
  state: FolderState | undefined,
  slurmUid: number | undefined,
): Checkup {
  const advice = adviseSpool(folder);
  if (!state) return wrong(`The spool folder ${folder} does not exist: events are lost.`, advice);
  if (!state.isFolder) return wrong(`The spool ${folder} is not a folder.`, advice);
  const { uid, mode } = state;
  if (mode & 0o002) return wrong(`Every user may write to ${folder}, and so report false events.`, advice);
  if (slurmUid !== undefined && slurmUid !== 0 && !(uid === slurmUid && mode & 0o200) && !(mode & 0o020))
    return wrong(`The user who runs the hooks may not write to ${folder}.`, advice);
  if ((mode & 0o2070) !== 0o2070)
    return wrong(
      `The service may not remove events from ${folder}: its group needs write permission, and its files the same group (setgid).`,
      advice,
    );
  return ok(`The hooks can write to the spool folder ${folder}, and its group can remove the events.`);
}

/** The service for which a configuration is checked. */
interface Service {
  readonly url: string;
  /** Whether it is on the machine of slurmctld, where the kernel says who posts. */
  readonly isHere: boolean;
}

/** Judges where slurmctld posts completion records. A token in the configuration is never printed. */
export function judgeCompletions(
  config: SlurmConfig,
  { url, isHere }: Service,
  hasPlugin: boolean | undefined,
): Checkup {
  const location = `${url}/v1/slurm/jobcomp`;
  const token = isHere
    ? ''
    : ' TOKEN is what hpc-observe token create --name slurmctld --role ingest prints on the machine of the service.';
  const lines = `Set in slurm.conf JobCompType=jobcomp/elasticsearch and JobCompLoc=${location}${isHere ? '' : '/TOKEN'}; then restart slurmctld.${token}${crashOf(config)}`;
  const plugin =
    hasPlugin === false
      ? ` First install the plugin jobcomp_elasticsearch.so (Debian: slurm-wlm-elasticsearch-plugin).`
      : '';
  const [type = 'jobcomp/none'] = config.get('JobCompType') ?? [];
  const { place, hasToken } = splitLocation(config.get('JobCompLoc')?.[0] ?? '');
  if (type !== 'jobcomp/elasticsearch')
    return missing(
      `JobCompType is ${type}: how a job ended is read from sacct, up to a minute later.`,
      lines + plugin,
    );
  if (place !== location)
    return wrong(
      `JobCompLoc is ${place || 'not set'}${hasToken ? '/…' : ''}, but the service is at ${location}.`,
      lines,
    );
  if (hasPlugin === false)
    return wrong(
      'The plugin jobcomp_elasticsearch.so is not installed: slurmctld will not start again.',
      plugin.trim(),
    );
  if (hasToken)
    return { ...ok(`slurmctld posts completion records to ${location}/….`), advice: shownToken(isHere) };
  if (!isHere)
    return wrong(
      'JobCompLoc has no token: the service is on another machine, and refuses records of unknown callers.',
      lines,
    );
  const advice = crashOf(config).trim();
  return { ...ok(`slurmctld posts completion records to ${location}.`), ...(advice && { advice }) };
}

/** Seen three times in four tries with 24.11.5, and not with 22.05.8 and 26.05.5. */
function crashOf(config: SlurmConfig): string {
  const [version = ''] = config.get('SLURM_VERSION') ?? [];
  return version.startsWith('24.11.')
    ? ' slurmctld 24.11.5 crashes half a minute after it could not post a record, as while the service is stopped: leave JobCompType out, or have systemd restart slurmctld.'
    : '';
}

const shownToken = (isHere: boolean): string =>
  'scontrol show config shows the token in JobCompLoc to every user: it must have the role ingest, and nothing else may use it.' +
  (isHere ? ' Here slurmctld needs no token, because the kernel says who posts.' : '');

/** Splits JobCompLoc into where it leads, without a final slash, and whether a token follows. */
function splitLocation(location: string): { readonly place: string; readonly hasToken: boolean } {
  const [, place, token] = /^(.*\/jobcomp)\/+([^/]+)\/*$/.exec(location) ?? [];
  if (token !== undefined) return { place: place!, hasToken: true };
  return { place: location.replace(/\/$/, '').replace(/hpo_\w+/g, 'hpo_…'), hasToken: false };
}

/** Judges whether Slurm has accounting. */
export function judgeAccounting(config: SlurmConfig): Checkup {
  const [type = 'accounting_storage/none'] = config.get('AccountingStorageType') ?? [];
  if (/\/slurmdbd$|\/mysql$/.test(type)) return ok(`Slurm has accounting (${type}).`);
  return missing(
    `Slurm has no accounting (${type}): the service never learns of an end that it missed, and past jobs cannot be imported.`,
    'Set up slurmdbd, with AccountingStorageType=accounting_storage/slurmdbd.',
  );
}

/**
 * Judges whether the service's user may see other users' jobs; no finding where every user may. `adminLevel`
 * is the one that `sacctmgr show user` prints for it, undefined if unknown.
 */
export function judgePrivacy(config: SlurmConfig, user: string, adminLevel: string | undefined): Checkup[] {
  if (!hidesJobs(config)) return [];
  if (/^(?:operator|administrator)$/i.test(adminLevel ?? ''))
    return [ok(`PrivateData hides jobs, but not from ${user} with the admin level ${adminLevel}.`)];
  return [
    missing(
      `PrivateData hides jobs: the service sees all of them only if its user (${user}) is an operator.`,
      `sacctmgr add user ${user} account=root adminlevel=operator; if it exists: sacctmgr modify user ${user} set adminlevel=operator`,
    ),
  ];
}

/**
 * Judges one call of a Slurm command that took `seconds`; `error` if it failed. `cost` says what is lost
 * without it.
 */
export function judgeCommand(
  program: string,
  seconds: number,
  error: string | undefined,
  cost: string,
): Checkup {
  if (error !== undefined)
    return missing(`${error} ${cost}.`, `Make sure the service's user can run ${program}.`);
  return ok(`${program} answers in ${seconds.toFixed(2)} s.`);
}
