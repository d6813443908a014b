-- A list by node, user and state walks through an index of its own: with state at the end of another one, the few
-- jobs of a rare state were looked for among all that the user ever had on the node.
DROP INDEX job_node_by_user;
CREATE INDEX job_node_by_user ON job_node (node, user, start_time DESC);
CREATE INDEX job_node_by_user_state ON job_node (node, user, state, start_time DESC);
