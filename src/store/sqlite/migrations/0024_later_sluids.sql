-- The later SLUIDs of resized runs. run: job.seq or past_run.seq; a row whose run is gone finds nothing.
CREATE TABLE later_sluid (
  sluid TEXT    PRIMARY KEY,
  run   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX later_sluid_by_run ON later_sluid (run);

INSERT OR REPLACE INTO later_sluid
  SELECT later.value, past_run.seq FROM past_run, json_each(past_run.run, '$.otherSluids') AS later;
INSERT OR REPLACE INTO later_sluid
  SELECT later.value, detail.job FROM detail, json_each(detail.other_sluids) AS later WHERE detail.other_sluids IS NOT NULL;

CREATE TRIGGER later_sluids_left AFTER INSERT ON leftover_run BEGIN
  DELETE FROM later_sluid WHERE run = new.run;
END;
