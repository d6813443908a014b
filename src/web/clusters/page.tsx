import { useEffect, useMemo } from 'preact/hooks';
import { queryOf, readFilter } from '../../api/filter-text.ts';
import { FilterBar } from '../jobs/filter-bar.tsx';
import { addressOf, go, place } from '../parts/router.ts';
import { ClusterTable } from './cluster-table.tsx';
import { MergedJobs } from './merged-jobs.tsx';

/** This cluster and those of its peers: what each has, and the jobs of all in one list. */
export function ClustersPage() {
  const filter = place.value.query.get('filter') ?? '';
  // Once for each filter, so that `since:2d` does not become another list every minute.
  const nowMs = useMemo(() => Date.now(), [filter]);
  useEffect(() => {
    document.title = filter === '' ? 'Clusters · hpc-observe' : `${filter} · Clusters · hpc-observe`;
  }, [filter]);
  return (
    <>
      <h1 class="visually-hidden">Clusters</h1>
      <ClusterTable />
      <FilterBar
        text={filter}
        nowMs={nowMs}
        jobs={[]}
        onChange={(text) => go(addressOf('clusters', { filter: text }))}
      />
      <MergedJobs key={filter} query={queryOf(readFilter(filter, nowMs))} />
    </>
  );
}
