-- The newest values of the further measures of a series that /metrics shows (chunk/live-values.ts), until its job has ended.
CREATE TABLE latest_measures (
  usage INTEGER PRIMARY KEY REFERENCES usage (id) ON DELETE CASCADE,
  data  BLOB    NOT NULL
) STRICT;
