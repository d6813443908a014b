-- Sealed samples of one job on one node, packed (chunk.ts). tier: 0 samples as they came, 1 points of 15 minutes
-- (points.ts). Within one job, node and tier the spans do not overlap. samples counts what is inside.
CREATE TABLE chunk (
  seq        INTEGER PRIMARY KEY,
  job        INTEGER NOT NULL,
  node       INTEGER NOT NULL,
  tier       INTEGER NOT NULL CHECK (tier IN (0, 1)),
  start_time INTEGER NOT NULL,
  end_time   INTEGER NOT NULL,
  samples    INTEGER NOT NULL,
  data       BLOB    NOT NULL,
  FOREIGN KEY (job, node) REFERENCES usage (job, node) ON DELETE CASCADE
) STRICT;

CREATE INDEX chunk_by_job ON chunk (job, node, tier, start_time);
CREATE INDEX chunk_by_age ON chunk (tier, end_time);

-- Rows of the log up to this one are sealed: out of reach, and gone when it is their turn.
ALTER TABLE usage ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

-- The summary of all samples there ever were of a job on a node; it stays when the samples go.
ALTER TABLE usage ADD COLUMN total_samples INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN oldest INTEGER;
ALTER TABLE usage ADD COLUMN newest INTEGER;
ALTER TABLE usage ADD COLUMN cpu_sum REAL NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN cpu_max REAL;
ALTER TABLE usage ADD COLUMN memory_sum REAL NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN memory_max INTEGER;
ALTER TABLE usage ADD COLUMN gpu_samples INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN gpu_sum REAL NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN gpu_max REAL;

UPDATE usage
   SET total_samples = past.samples, oldest = past.oldest, newest = past.newest,
       cpu_sum = past.cpu_sum, cpu_max = past.cpu_max, memory_sum = past.memory_sum, memory_max = past.memory_max,
       gpu_samples = past.gpu_samples, gpu_sum = past.gpu_sum, gpu_max = past.gpu_max
  FROM (SELECT job, node, count(*) AS samples, min(time) AS oldest, max(time) AS newest,
               sum(cpu) AS cpu_sum, max(cpu) AS cpu_max, total(memory) AS memory_sum, max(memory) AS memory_max,
               count(gpu) AS gpu_samples, total(gpu) AS gpu_sum, max(gpu) AS gpu_max
          FROM sample GROUP BY job, node) AS past
 WHERE usage.job = past.job AND usage.node = past.node;
