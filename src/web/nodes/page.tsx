import { render } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { FreeGpusAnswer, NodeListAnswer, NodeSummaryAnswer } from '../../api/node-list.ts';
import { formatCount, groupDigits } from '../../domain/figures.ts';
import { useKeys } from '../parts/keys.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf, go, place } from '../parts/router.ts';
import { NodeGrid } from './grid.tsx';
import { filterNodes, GROUPINGS, type Grouping, groupNodes, usualGrouping } from './groups.ts';
import { Legend } from './legend.tsx';
import { MEASURE_NAMES, MEASURES, type Measure, type MeasureName } from './measures.ts';
import { type NodeState, stateOf } from './node-state.ts';
import { NodeTable } from './table.tsx';

const POLL_MS = 15_000;

/** All nodes: how busy they are, in which state, and what is amiss. */
export function NodesPage() {
  const { value, error } = useResource('nodes', (signal) => getJson<NodeListAnswer>('v1/nodes', {}, signal), {
    everyMs: POLL_MS,
    on: 'nodes',
  });
  useEffect(() => {
    document.title = 'Nodes · hpc-observe';
  }, []);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  return (
    <>
      <h1 class="visually-hidden">Nodes</h1>
      {error && <Problem error={error} />}
      {value.nodes.length === 0 ? <NoNodes /> : <Nodes list={value} />}
    </>
  );
}

function NoNodes() {
  return (
    <>
      <h2>No node is known yet</h2>
      <p>
        Nodes appear with Slurm on this machine, with the first job, or with the agent on the compute nodes:{' '}
        <code>hpc-observe agent --server {new URL('.', document.baseURI).href}</code>
      </p>
    </>
  );
}

const GROUP_NAMES: Record<Grouping, string> = { partition: 'partition', name: 'name', none: 'nothing' };

function Nodes({ list: { nodes, free_gpus, timestamp, scheduler_timestamp } }: { list: NodeListAnswer }) {
  const { query } = place.value;
  const filter = query.get('filter') ?? '';
  const isTable = query.get('view') === 'table';
  const measure = choice(query.get('measure'), MEASURE_NAMES) ?? 'cpu';
  const usual = useMemo(() => usualGrouping(nodes), [nodes]);
  const grouping = choice(query.get('group'), GROUPINGS) ?? usual;
  const field = useRef<HTMLInputElement>(null);
  useKeys('Nodes', [{ keys: ['f', '/'], does: 'goes to the filter', press: () => field.current?.focus() }]);
  const shown = useMemo(() => filterNodes(nodes, filter), [nodes, filter]);
  const groups = useMemo(() => groupNodes(shown, grouping), [shown, grouping]);
  return (
    <>
      <div class="list-head grid-head">
        <Counts nodes={nodes} shown={shown.length} />
        {scheduler_timestamp && (
          <span class="soft">
            Slurm asked <Moment time={scheduler_timestamp} isRelative />
          </span>
        )}
        <input
          ref={field}
          type="search"
          class="end"
          placeholder="Filter: name, state, GPU …"
          aria-label="Filter the nodes by name, state, partition, GPU, feature or reason"
          value={filter}
          onInput={({ currentTarget: { value } }) => show({ filter: value })}
        />
        {!isTable && (
          <>
            <Select
              label="Fill"
              names={MEASURE_NAMES}
              value={measure}
              nameOf={(name: MeasureName) => MEASURES[name].label}
              onChoose={(name) => show({ measure: name })}
            />
            <Select
              label="Group by"
              names={GROUPINGS}
              value={grouping}
              nameOf={(name: Grouping) => GROUP_NAMES[name]}
              onChoose={(name) => show({ group: name })}
            />
          </>
        )}
        <button type="button" aria-pressed={isTable} onClick={() => show({ view: isTable ? '' : 'table' })}>
          Table
        </button>
      </div>
      <FreeGpus free={free_gpus} />
      {isTable ? (
        <NodeTable nodes={shown} />
      ) : (
        <>
          <Legend measure={MEASURES[measure] as Measure} nodes={shown} />
          <NodeGrid groups={groups} measure={MEASURES[measure]} timeMs={Date.parse(timestamp)} />
          <PrintedTable nodes={shown} />
        </>
      )}
    </>
  );
}

/** The table, made only when the page is printed: thousands of hidden rows would cost time at every poll. */
function PrintedTable({ nodes }: { nodes: readonly NodeSummaryAnswer[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    const fill = () => render(<NodeTable nodes={nodes} />, element);
    const clear = () => render(null, element);
    addEventListener('beforeprint', fill);
    addEventListener('afterprint', clear);
    return () => {
      removeEventListener('beforeprint', fill);
      removeEventListener('afterprint', clear);
    };
  }, [nodes]);
  return <div ref={place} />;
}

/** Changes parameters of the address; an empty one is left out. */
function show(changes: Readonly<Record<string, string>>): void {
  const { path, query } = place.value;
  go(addressOf(path, { ...Object.fromEntries(query), ...changes }), { replace: true });
}

const choice = <Name extends string>(text: string | null, names: readonly Name[]): Name | undefined =>
  names.find((name) => name === text);

interface SelectProps<Name extends string> {
  readonly label: string;
  readonly names: readonly Name[];
  readonly value: Name;
  readonly nameOf: (name: Name) => string;
  readonly onChoose: (name: Name) => void;
}

function Select<Name extends string>({ label, names, value, nameOf, onChoose }: SelectProps<Name>) {
  return (
    <label>
      <span class="soft">{label}</span>{' '}
      <select value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value as Name)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {nameOf(name)}
          </option>
        ))}
      </select>
    </label>
  );
}

const UNWELL: readonly NodeState[] = ['down', 'drained', 'silent'];

/** How many nodes there are, and how many are not well; a press shows those. */
function Counts({ nodes, shown }: { nodes: readonly NodeSummaryAnswer[]; shown: number }) {
  const byState = Map.groupBy(nodes, stateOf);
  return (
    <p class="node-counts">
      <span role="status">
        {shown < nodes.length && `${groupDigits(shown)} of `}
        {formatCount(nodes.length, 'node')}
      </span>
      {UNWELL.filter((state) => byState.has(state)).map((state) => (
        <button key={state} type="button" class="narrow" onClick={() => show({ filter: state })}>
          {byState.get(state)!.length} {state}
        </button>
      ))}
    </p>
  );
}

/** Is there a GPU for me? */
function FreeGpus({ free }: { free: readonly FreeGpusAnswer[] }) {
  if (free.length === 0) return null;
  return (
    <p class="free-gpus">
      <span class="soft">Free GPUs</span>
      {free.map(({ model, total, free: count, blocked }) => (
        <span key={model}>
          <strong>{groupDigits(count)}</strong> of {groupDigits(total)} {model}
          {blocked > 0 && (
            <span class="soft" title="Their nodes are drained, down, or have no free CPU or memory">
              {' '}
              ({groupDigits(blocked)} blocked)
            </span>
          )}
        </span>
      ))}
    </p>
  );
}
