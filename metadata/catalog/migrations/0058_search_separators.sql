-- The words of a text, as they are searched: folded, with a space in the place of all that is no part of a word, whatever
-- the locale of the database: with the locale C, PostgreSQL's parser takes punctuation beyond ASCII for letters. The text
-- is cut twice, because folding may make it longer, and a vector has room for one megabyte: a longer text would make the
-- write fail. Indexes are made of it, so it must never be replaced.
CREATE FUNCTION fieldstone.search_words_2(t text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.to_tsvector('pg_catalog.simple'::pg_catalog.regconfig, pg_catalog.regexp_replace(
        pg_catalog.left(fieldstone.text_fold_1(pg_catalog.left(t, 50000)), 50000) COLLATE pg_catalog."C",
        '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u060c\u061b\u061e\u061f\u066a-\u066d\u06d4\u0964\u0965\u0e3f\u0e4f\u2000-\u206f\u20a0-\u20ff\u2190-\u2bff\u2e00-\u2e2e\u2e30-\u2e7f\u3001-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30a0\u30fb\ufe00-\ufe0f\ufeff\ufffc\ufffd\U0001f000-\U0001faff]+',
        ' ', 'g')) $$;

-- The indexes of the former function are built again, behind this migration: it would wait for each table.
WITH renewed AS (
    UPDATE fieldstone.index SET status = 'BUILDING', updated_at = now() WHERE method = 'search' AND status = 'READY'
    RETURNING object_id
)
UPDATE fieldstone.object SET status = 'BUILDING' FROM renewed WHERE object.id = object_id;
