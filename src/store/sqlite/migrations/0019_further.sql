-- Further measures of the samples of a row of the log; NULL if it has none. The last column, so that reading the documented
-- values touches none of its pages.
ALTER TABLE log ADD COLUMN further BLOB;
