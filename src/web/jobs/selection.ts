import { useRef, useState } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import { go, jobAddress } from '../parts/router.ts';
import { type ListAddress, readAddress, showAddress } from './address.ts';
import { toggleId } from './compare-ids.ts';
import { type ListKeys, useListKeys } from './keys.ts';

export interface Selection {
  /** The job that the keys have reached, or that is open. */
  readonly currentId: string | undefined;
  /** The jobs to be compared. */
  readonly selected: readonly string[];
  readonly toggle: (id: string) => void;
  readonly open: (job: JobAnswer) => void;
  readonly compare: () => void;
  readonly close: () => void;
}

const change = (next: Partial<ListAddress>, options?: { replace: boolean }) =>
  showAddress({ ...readAddress(), ...next }, options);

/** Opens what is beside the list as an entry of the history, so that back closes it. */
function openPanel(panel: Partial<ListAddress>): void {
  const { open, compared } = readAddress();
  const isOpen = open !== undefined || compared.length > 0;
  const state: unknown = history.state;
  change({ open: undefined, compared: [], ...panel }, { replace: isOpen });
  if (!isOpen) history.replaceState({ ...(state as object | null), isPanel: true }, '');
}

function closePanel(): void {
  if ((history.state as { isPanel?: boolean } | null)?.isPanel) history.back();
  else change({ open: undefined, compared: [] }, { replace: true });
}

/** Follows the keys and the pointer: which job is current, which are selected, and what is open. */
export function useSelection({ open, compared }: ListAddress, jobs: readonly JobAnswer[]): Selection {
  const [reached, setReached] = useState<string>();
  const [chosen, setChosen] = useState(compared);
  const currentId = open ?? reached;
  const selected = compared.length > 0 ? compared : chosen;
  // Keys may come faster than the page is drawn.
  const latest = useRef({ currentId, selected });
  latest.current = { currentId, selected };

  const reach = (id: string) => {
    latest.current.currentId = id;
    setReached(id);
  };
  const toggle = (id: string) => {
    const next = toggleId(latest.current.selected, id);
    latest.current.selected = next;
    setChosen(next);
    if (readAddress().compared.length > 0) change({ compared: next }, { replace: true });
  };
  const keys: ListKeys = {
    step(rows) {
      const row = jobs.findIndex(({ id }) => id === latest.current.currentId);
      const job = jobs[row < 0 ? 0 : Math.min(jobs.length - 1, Math.max(0, row + rows))];
      if (!job) return;
      reach(job.id);
      if (readAddress().open !== undefined) change({ open: job.id }, { replace: true });
    },
    open() {
      if (latest.current.currentId !== undefined) go(jobAddress(latest.current.currentId));
    },
    peek() {
      const id = latest.current.currentId ?? jobs[0]?.id;
      if (readAddress().open !== undefined) return closePanel();
      if (id === undefined) return;
      reach(id);
      openPanel({ open: id });
    },
    select() {
      if (latest.current.currentId !== undefined) toggle(latest.current.currentId);
    },
    compare() {
      if (readAddress().compared.length > 0) return closePanel();
      if (latest.current.selected.length > 1) openPanel({ compared: latest.current.selected });
    },
    close() {
      const { open: opened, compared: shown } = readAddress();
      if (opened !== undefined || shown.length > 0) closePanel();
      else setChosen([]);
    },
  };
  useListKeys(keys);
  return {
    currentId,
    selected,
    toggle,
    open(job) {
      reach(job.id);
      openPanel({ open: job.id });
    },
    compare: keys.compare,
    close: closePanel,
  };
}
