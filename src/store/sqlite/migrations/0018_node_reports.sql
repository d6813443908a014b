-- The newest report of the agent of each node (domain NodeReport, as JSON). time: by the clock of the node; received: by that
-- of the server.
CREATE TABLE node_report (
  name     TEXT    PRIMARY KEY,
  time     INTEGER NOT NULL,
  received INTEGER NOT NULL,
  report   TEXT    NOT NULL
) STRICT;

CREATE INDEX node_report_by_received ON node_report (received);
