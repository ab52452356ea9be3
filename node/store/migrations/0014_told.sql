-- Own questions whose end the person here has read: what was declined is told once.
CREATE TABLE trade_told (
  trade BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
