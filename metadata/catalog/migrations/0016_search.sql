-- The words of a text, as they are searched: folded, with punctuation between them, so that the parts of an address are
-- words. It is cut twice, because folding may make it longer, and a vector has room for one megabyte: a longer text would
-- make the write fail. Indexes are made of it, so it must never be replaced.
CREATE FUNCTION fieldstone.search_words_1(t text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig,
        pg_catalog.translate(pg_catalog.left(fieldstone.text_fold_1(pg_catalog.left(t, 50000)), 50000),
            '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', '                                ')) $$;

-- How much of a text is in another one, from 0 to 1, and whether it is enough. These are for servers without trigrams; a
-- server that has them gets others at its start.
CREATE FUNCTION fieldstone.likeness(part text, whole text) RETURNS real LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN pg_catalog.strpos(whole, part) OPERATOR(pg_catalog.>) 0 THEN 1 ELSE 0 END::real $$;
CREATE FUNCTION fieldstone.is_like(part text, whole text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT false $$;

-- The words of a text as it was written, whose accents count as little as where the server has unaccent.
CREATE TEXT SEARCH CONFIGURATION fieldstone.words (COPY = pg_catalog.simple);
