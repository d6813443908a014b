import { PLACES } from '../integration/neighbours/places.ts';
import { measureAccess } from './access.ts';
import { measureAgent } from './agent.ts';
import { measureBatches } from './batch.ts';
import { measureColumns } from './columns.ts';
import { measureComeback } from './comeback.ts';
import { measureCreation } from './create.ts';
import { measureDisk } from './disk.ts';
import { measureEnded } from './ended.ts';
import { measureFindings } from './findings.ts';
import { measureImport } from './import.ts';
import { measureLists } from './list.ts';
import { measureNeighbours } from './neighbours.ts';
import { measurePages } from './pages.ts';
import { measurePolicies } from './policies.ts';
import { measurePosts } from './post.ts';
import { measurePostgres } from './postgres.ts';
import { measureReads } from './reads.ts';
import type { Row } from './row.ts';
import { measureScrapes } from './scrape.ts';
import { measureSoak } from './soak.ts';
import { measureSpace } from './space.ts';
import { measureStarts } from './start.ts';
import { measureWaste } from './waste.ts';
import { measureWideBatches, measureWideDisk } from './wide.ts';

/** The amount of everything that is measured. */
export interface Size {
  readonly jobs: number;
  readonly running: number;
  readonly ended: number;
  readonly imported: number;
  readonly samples: number;
  readonly posts: { readonly rounds: number; readonly seconds: number };
  readonly rounds: { readonly scrapes: number; readonly lists: number; readonly starts: number };
  readonly batches: { readonly rounds: number; readonly rows: number; readonly posts: number };
  /** Number of places in the table of neighbours; the integration test runs them all. */
  readonly neighbourPlaces: number;
  readonly created: { readonly bulk: number; readonly rounds: number; readonly seconds: number };
  readonly reads: { readonly nodes: number; readonly hours: number; readonly rounds: number };
  readonly comeback: {
    readonly senders: number;
    readonly processes: number;
    readonly outageSeconds: number;
  };
  /** Jobs that are copied to PostgreSQL. */
  readonly postgresJobs: number;
  readonly agentRounds: number;
  readonly pageRounds: number;
  readonly soakSeconds: number;
}

export const FULL: Size = {
  jobs: 5_000_000,
  running: 20_000,
  ended: 1_000_000,
  imported: 1_000_000,
  samples: 2_000_000,
  posts: { rounds: 5, seconds: 4 },
  rounds: { scrapes: 21, lists: 51, starts: 5 },
  batches: { rounds: 5, rows: 500_000, posts: 1000 },
  neighbourPlaces: PLACES.length,
  created: { bulk: 200_000, rounds: 3, seconds: 4 },
  reads: { nodes: 1000, hours: 24, rounds: 51 },
  comeback: { senders: 10_000, processes: 2, outageSeconds: 45 },
  // Copying 5,000,000 takes longer than all other rows together.
  postgresJobs: 500_000,
  agentRounds: 60,
  pageRounds: 5,
  soakSeconds: 60,
};

/** A tenth, under 4 minutes in all: shows that every row works; its times mean little. */
export const QUICK: Size = {
  jobs: 500_000,
  running: 2000,
  ended: 100_000,
  imported: 100_000,
  samples: 200_000,
  posts: { rounds: 2, seconds: 1 },
  rounds: { scrapes: 5, lists: 25, starts: 5 },
  batches: { rounds: 1, rows: 100_000, posts: 100 },
  neighbourPlaces: 0,
  created: { bulk: 20_000, rounds: 1, seconds: 1 },
  reads: { nodes: 100, hours: 8, rounds: 11 },
  comeback: { senders: 500, processes: 1, outageSeconds: 4 },
  postgresJobs: 5000,
  agentRounds: 10,
  pageRounds: 2,
  soakSeconds: 20,
};

/** The groups of rows by name, in the order of the table. */
export const GROUPS: Readonly<Record<string, (size: Size) => Promise<Row[]>>> = {
  posts: ({ posts }) => measurePosts(posts),
  access: ({ posts: { rounds, seconds } }) => measureAccess({ rounds, seconds: Math.ceil(seconds / 2) }),
  scrapes: ({ running, rounds }) => measureScrapes({ jobs: running, rounds: rounds.scrapes }),
  ended: ({ running, ended, rounds }) => measureEnded({ running, ended, rounds: rounds.scrapes }),
  findings: ({ running, pageRounds }) => measureFindings({ jobs: running, rounds: pageRounds }),
  lists: ({ jobs, rounds }) => measureLists({ jobs, few: 5000, rounds: rounds.lists }),
  waste: ({ jobs, rounds }) => measureWaste({ jobs, rounds: rounds.lists }),
  policies: ({ running, rounds }) => measurePolicies({ jobs: running, looks: 2 * rounds.starts }),
  batches: async ({ batches }) => [...(await measureBatches(batches)), await measureWideBatches(batches)],
  disk: async ({ samples }) => [
    ...(await measureDisk({ jobs: 500, samples })),
    await measureWideDisk({ jobs: 25, samples: samples / 4 }),
  ],
  postgres: ({ postgresJobs, batches, rounds, posts }) =>
    measurePostgres({
      jobs: postgresJobs,
      rows: batches.rows / 5,
      seconds: posts.seconds,
      rounds: { batches: batches.rounds, lists: rounds.lists, posts: posts.rounds },
    }),
  columns: ({ batches: { rounds, rows } }) => measureColumns({ rounds, rows: rows / 2 }),
  comeback: ({ comeback }) => measureComeback(comeback),
  import: ({ imported }) => measureImport({ jobs: imported }),
  space: ({ ended }) => measureSpace({ jobs: ended }),
  creation: ({ ended, created }) => measureCreation({ beside: ended, ...created }),
  reads: ({ reads }) => measureReads(reads),
  pages: ({ jobs, pageRounds }) => measurePages({ jobs, rounds: pageRounds }),
  starts: ({ jobs, rounds }) => measureStarts({ jobs, rounds: rounds.starts }),
  neighbours: ({ neighbourPlaces }) => measureNeighbours(PLACES.slice(0, neighbourPlaces)),
  agent: ({ agentRounds }) => measureAgent({ jobs: 50, gpus: 8, rounds: agentRounds }),
  soak: ({ soakSeconds }) => measureSoak({ seconds: soakSeconds }),
};
