-- How many nodes a job asks for or has, and how many tasks of its array may run (domain JobDetails).
ALTER TABLE detail ADD COLUMN node_count INTEGER;
ALTER TABLE detail ADD COLUMN array_limit INTEGER;
