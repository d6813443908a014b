-- The energy of a run in joules, and who measured it (domain JobDetails).
ALTER TABLE detail ADD COLUMN energy INTEGER;
ALTER TABLE detail ADD COLUMN energy_method TEXT;
