-- Hosts with which the sets were equal before: dialled first, and kept across restarts.
-- household: whose it proved to be. hours_equal: in how many different hours it was so.
CREATE TABLE good_neighbour (
  host          BLOB    PRIMARY KEY,
  household     BLOB    NOT NULL,
  first_met_ms  INTEGER NOT NULL,
  last_equal_ms INTEGER NOT NULL,
  hours_equal   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
