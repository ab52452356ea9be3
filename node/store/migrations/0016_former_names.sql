-- What a household was called whose profile is gone: a removal takes it along, and whoever reads of
-- the removal later must know whom it is about. The log keeps those that it mentions.
CREATE TABLE former_name (
    household BLOB PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER profile_gone AFTER DELETE ON profile BEGIN
    INSERT OR REPLACE INTO former_name SELECT id, old.name FROM household WHERE n = old.household;
END;
