-- Which service writes. A service that takes over adds one to `epoch`; the transactions of the one before it
-- are refused from then on, whatever it believes.
CREATE TABLE writer (
  id    integer PRIMARY KEY CHECK (id = 1),
  epoch bigint NOT NULL,
  -- Where its clients reach it, for the answers of those services that only read.
  url   text
) WITH (fillfactor = 50);
INSERT INTO writer (id, epoch) VALUES (1, 0);

-- Lets a transaction go on if its service still writes. The row stays locked until the end of the transaction,
-- so that a service that takes over waits for it.
CREATE FUNCTION require_writer(expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM writer WHERE epoch = expected FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another service writes to this database' USING ERRCODE = 'HPO01';
  END IF;
END
$$;
