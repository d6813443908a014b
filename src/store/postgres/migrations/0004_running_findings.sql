-- What rules find of each run that is running, at most a minute old. Rows of runs that have ended are left out by those who read,
-- and deleted at the end of the next round. run: job.seq; kind and severity as in run_finding.
CREATE TABLE running_finding (run bigint NOT NULL, kind integer NOT NULL, severity smallint NOT NULL, PRIMARY KEY (run, kind));
