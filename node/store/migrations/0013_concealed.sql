-- Few listings are concealed: whoever looks for them must not walk over all the others.
CREATE INDEX listing_concealed ON listing (household) WHERE concealed = 1;
