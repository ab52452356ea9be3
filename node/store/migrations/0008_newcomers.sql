-- What households that wait for a confirmation answer to the charter's questions, while they wait.
-- content: of the letter, or NULL; declined_at_ms: when a person of this household said no.
CREATE TABLE newcomer (
    household BLOB PRIMARY KEY,
    content BLOB,
    heard_at_ms INTEGER NOT NULL,
    declined_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Who told this household that they will not confirm it.
CREATE TABLE declining (
    household BLOB PRIMARY KEY,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
