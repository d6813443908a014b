-- What lists filter and sort by, column by column: one row for each column of a block of 2,048 ended jobs.
CREATE TABLE job_column (
  part  INTEGER NOT NULL,
  block INTEGER NOT NULL,
  data  BLOB    NOT NULL,
  PRIMARY KEY (part, block)
) STRICT, WITHOUT ROWID;

-- Jobs that changed after their block was built: their rows hold, not the columns.
CREATE TABLE job_column_due (
  seq INTEGER PRIMARY KEY
) STRICT;

-- The last job of the last block that is built; blocks of all jobs are built in order.
INSERT INTO counter VALUES ('columns_through', 0);
