-- What is kept for ever of the further measures of the sealed samples of a series (chunk/measure-totals.ts); a series without
-- them has no row.
CREATE TABLE sealed_measures (
  usage INTEGER PRIMARY KEY REFERENCES usage (id) ON DELETE CASCADE,
  data  BLOB    NOT NULL
) STRICT;
