import { HOOK_SETTINGS, type HookKind, renderHook } from '../hooks/scripts.ts';
import { hidesJobs, type SlurmConfig } from './slurm-conf.ts';

/** One thing that was looked at. `missing` is no fault: something is learnt later, or not at all. */
export interface Finding {
  readonly status: 'ok' | 'missing' | 'wrong';
  /** What is so, in one sentence. */
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

const ok = (what: string): Finding => ({ status: 'ok', what });
const missing = (what: string, advice: string): Finding => ({ status: 'missing', what, advice });
const wrong = (what: string, advice: string): Finding => ({ status: 'wrong', what, advice });

/** A script that Slurm is told to run, as it is on the disk. */
export interface ScriptFile {
  readonly path: string;
  /** Undefined when it cannot be read. */
  readonly text: string | undefined;
  readonly isExecutable: boolean;
  /** The first folder on its way that the user who runs it may not enter. */
  readonly closedFolder?: string | undefined;
}

/** Whether a script is one of ours. */
export const isOurScript = (text: string): boolean => text.includes('\n# hpc-observe: notes');

/** The folder that one of our scripts writes to. */
export function spoolOf(text: string): string | undefined {
  const match = /^spool='(.*)'$/m.exec(text);
  return match?.[1]?.replaceAll("'\\''", "'");
}

const COSTS: Record<HookKind, string> = {
  prolog_slurmctld:
    'Starts of jobs are seen by squeue alone, up to 30 s late; jobs shorter than that only by their record',
  epilog_slurmctld: 'Ends of jobs are seen up to 30 s late',
  prolog_slurmd: 'Which GPUs a job has on this node is not known',
  epilog_slurmd: 'This node does not tell when it is free of a job',
};

/** Judges one hook by what Slurm runs for it. `folder` is where our scripts are, or should be. */
export function judgeHook(kind: HookKind, scripts: readonly ScriptFile[], folder: string): Finding {
  const { setting, file } = HOOK_SETTINGS[kind];
  const line = `${setting}=${folder}/${file}`;
  if (scripts.length === 0)
    return missing(
      `${setting} is not set. ${COSTS[kind]}.`,
      `hpc-observe slurm hooks ${folder}; then in slurm.conf: ${line}`,
    );
  const unreadable = scripts.find(({ text }) => text === undefined);
  const own = scripts.find(({ text }) => text !== undefined && isOurScript(text));
  if (!own && unreadable)
    return wrong(
      `${setting} is ${unreadable.path}, which cannot be read: Slurm holds jobs up for a hook that fails.`,
      `hpc-observe slurm hooks ${folder}; in slurm.conf: ${line}`,
    );
  if (!own && scripts.some(({ path }) => path === `${folder}/${file}`))
    return missing(
      `${folder}/${file} is a script of somebody else, which stands where ours belongs. ${COSTS[kind]}.`,
      `Give that script another name, in slurm.conf too; write ours with hpc-observe slurm hooks ${folder}, and have that script call it before its end.`,
    );
  if (!own)
    return missing(
      `${setting} is ${scripts.map(({ path }) => path).join(', ')}, which is not ours. ${COSTS[kind]}.`,
      `Have that script call ${folder}/${file} before its end (hpc-observe slurm hooks ${folder} writes it).`,
    );
  const { path, text = '', isExecutable, closedFolder } = own;
  if (closedFolder !== undefined)
    return wrong(
      `${setting} is ${path}, and the user that runs it may not enter ${closedFolder}: Slurm holds jobs up.`,
      `chmod o+x ${closedFolder}`,
    );
  if (!isExecutable) return wrong(`${setting}: ${path} is not executable.`, `chmod 755 ${path}`);
  const other = /^kind=(\w+)$/m.exec(text)?.[1];
  if (other !== kind)
    return wrong(`${setting} is ${path}, which is the script of ${other}.`, `In slurm.conf: ${line}`);
  if (text !== renderHook(kind, spoolOf(text) ?? ''))
    return wrong(
      `${setting}: ${path} is of another version of hpc-observe, or was changed.`,
      `hpc-observe slurm hooks ${folder}`,
    );
  return ok(`${setting} is our script ${path}.`);
}

/** A folder as stat(2) has it. */
export interface FolderState {
  readonly uid: number;
  /** Its permissions. */
  readonly mode: number;
  readonly isFolder: boolean;
}

/** Judges the spool folder of the head node, or with `isNode` of a compute node. `slurmUid` runs the hooks. */
export function judgeSpool(
  folder: string,
  state: FolderState | undefined,
  { slurmUid, isNode }: { slurmUid: number | undefined; isNode: boolean },
): Finding {
  const advice = isNode
    ? `install -d -o root -g root -m 700 ${folder}`
    : `install -d -o slurm -g hpc-observe -m 2770 ${folder}`;
  if (!state) return wrong(`The spool folder ${folder} does not exist: events are lost.`, advice);
  if (!state.isFolder) return wrong(`${folder}, the spool, is not a folder.`, advice);
  const { uid, mode } = state;
  if (mode & 0o002) return wrong(`Anybody may write to ${folder}, and what lies there is believed.`, advice);
  if (slurmUid !== undefined && slurmUid !== 0 && !(uid === slurmUid && mode & 0o200) && !(mode & 0o020))
    return wrong(`The user that runs the hooks cannot write to ${folder}.`, advice);
  if (isNode) return ok(`The spool folder ${folder} takes events.`);
  if ((mode & 0o2070) !== 0o2070)
    return wrong(
      `The service cannot take events out of ${folder}: its group may not, or is not handed on to the files.`,
      advice,
    );
  return ok(`The spool folder ${folder} takes events, and the members of its group may take them out.`);
}

/** Judges where slurmctld sends its completion records; `server` is the service's address. */
export function judgeCompletions(
  config: SlurmConfig,
  server: string,
  hasPlugin: boolean | undefined,
): Finding {
  const location = `${server}/v1/slurm/jobcomp`;
  const lines = `In slurm.conf: JobCompType=jobcomp/elasticsearch and JobCompLoc=${location}; then restart slurmctld.`;
  const plugin =
    hasPlugin === false
      ? ` First install the plugin jobcomp_elasticsearch.so (Debian: slurm-wlm-elasticsearch-plugin).`
      : '';
  const [type = 'jobcomp/none'] = config.get('JobCompType') ?? [];
  const [given = ''] = config.get('JobCompLoc') ?? [];
  if (type !== 'jobcomp/elasticsearch')
    return missing(
      `JobCompType is ${type}: how a job ended is learnt from sacct, up to a minute later.`,
      lines + plugin,
    );
  if (given.replace(/\/$/, '') !== location)
    return wrong(`JobCompLoc is ${given || 'not set'}, and the service is at ${location}.`, lines);
  if (hasPlugin === false)
    return wrong(
      'The plugin jobcomp_elasticsearch.so is not there: slurmctld cannot start again.',
      plugin.trim(),
    );
  return ok(`slurmctld posts completion records to ${location}.`);
}

/** Judges whether Slurm keeps accounts. */
export function judgeAccounting(config: SlurmConfig): Finding {
  const [type = 'accounting_storage/none'] = config.get('AccountingStorageType') ?? [];
  if (/\/slurmdbd$|\/mysql$/.test(type)) return ok(`Slurm keeps accounts (${type}).`);
  return missing(
    `Slurm keeps no accounts (${type}): sacct knows nothing, so an end that nobody saw is never learnt, and there is no past to import.`,
    'Set slurmdbd up, with AccountingStorageType=accounting_storage/slurmdbd.',
  );
}

/**
 * Judges whether the service may see the jobs of others; nothing where everybody may. `adminLevel` is what
 * `sacctmgr show user` says of the user of the service; undefined where that is not known.
 */
export function judgePrivacy(config: SlurmConfig, user: string, adminLevel: string | undefined): Finding[] {
  if (!hidesJobs(config)) return [];
  if (/^(?:operator|administrator)$/i.test(adminLevel ?? ''))
    return [ok(`PrivateData hides jobs, but not from ${user}, whose admin level is ${adminLevel}.`)];
  return [
    missing(
      `PrivateData hides jobs: the service is shown all of them only if its user (${user}) is an operator.`,
      `sacctmgr add user ${user} account=root adminlevel=operator; if it exists: sacctmgr modify user ${user} set adminlevel=operator`,
    ),
  ];
}

/** What a command of Slurm answered, and how fast; `error` when it did not. */
export function judgeCommand(
  program: string,
  seconds: number,
  error: string | undefined,
  cost: string,
): Finding {
  if (error !== undefined)
    return missing(`${error} ${cost}.`, `Have ${program} work for the user of the service.`);
  return ok(`${program} answers in ${seconds.toFixed(2)} s.`);
}

/** The findings as lines, what to do below each, and a last line with their counts. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.map(({ status, what, advice }) => {
    const help = advice === undefined ? '' : `         ${advice}\n`;
    return `${status.padEnd(7)}  ${what}\n${help}`;
  });
  const count = (wanted: Finding['status']) => findings.filter(({ status }) => status === wanted).length;
  return `${lines.join('')}\n${count('ok')} ok, ${count('missing')} missing, ${count('wrong')} wrong.\n`;
}
