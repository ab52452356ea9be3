-- Own records that stand no more because the household, or somebody's word for it, went: they are
-- offered again should it belong again (an appeal succeeded).
CREATE TABLE aside (
  id   BLOB    PRIMARY KEY,
  kind INTEGER NOT NULL,
  raw  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
