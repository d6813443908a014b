-- The cluster every five minutes (domain HistoryRow); NULL is what was not known. completed, failed, cancelled: jobs that ended
-- since the row before. A time at which the service was away has no row.
CREATE TABLE cluster_history (
  time                INTEGER PRIMARY KEY,
  running             REAL,
  pending             REAL,
  completed           REAL,
  failed              REAL,
  cancelled           REAL,
  cpus_total          REAL,
  cpus_allocated      REAL,
  cpus_used           REAL,
  memory_total_mb     REAL,
  memory_allocated_mb REAL,
  memory_used_mb      REAL,
  gpus_total          REAL,
  gpus_allocated      REAL,
  gpus_used           REAL,
  nodes_total         REAL,
  nodes_with_jobs     REAL,
  agents_heard        REAL,
  agents_silent       REAL,
  gpu_power_watts     REAL
) STRICT;
