-- The tasks of an array, in the order of their numbers.
CREATE INDEX detail_by_array ON detail (array_job, array_task) WHERE array_job IS NOT NULL;
