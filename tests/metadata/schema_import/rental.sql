CREATE SCHEMA rental;
SET search_path = rental;
CREATE TYPE rating AS ENUM ('G', 'PG', 'PG-13', 'NC-17');
CREATE TYPE point3 AS (x int, y int, z int);
CREATE DOMAIN year AS integer CHECK (VALUE BETWEEN 1901 AND 2155);
CREATE TABLE language (
    language_id smallserial PRIMARY KEY,
    name char(20) NOT NULL UNIQUE,
    last_update timestamp DEFAULT now()
);
CREATE TABLE film (
    film_id serial PRIMARY KEY,
    title varchar(255) NOT NULL,
    description text,
    release_year year,
    language_id smallint NOT NULL REFERENCES language ON UPDATE CASCADE ON DELETE RESTRICT,
    original_language_id smallint REFERENCES language ON DELETE SET NULL,
    sequel_of int REFERENCES film,
    rental_rate numeric(4, 2) NOT NULL DEFAULT 4.99,
    length real,
    rating rating DEFAULT 'PG-13'::rating,
    special_features text[],
    scores int[],
    extra jsonb,
    "Opening Hours" interval,
    shape point3,
    fulltext tsvector,
    is_new boolean NOT NULL DEFAULT true,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz,
    label text GENERATED ALWAYS AS (title || '!') STORED,
    CHECK (rental_rate >= 0)
);
CREATE INDEX film_title ON film (title);
CREATE INDEX film_lower ON film (lower(title));
CREATE UNIQUE INDEX film_title_year ON film (title, release_year);
COMMENT ON TABLE film IS 'What can be rented.';
COMMENT ON COLUMN film.title IS 'As on the poster.';
CREATE TABLE actor (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), first_name text NOT NULL, person text);
CREATE TABLE film_actor (
    film_id int REFERENCES film ON DELETE CASCADE,
    actor_id uuid REFERENCES actor ON DELETE CASCADE,
    credit_order int NOT NULL DEFAULT 0,
    PRIMARY KEY (film_id, actor_id)
);
CREATE TABLE trailer (id int PRIMARY KEY, film_id int NOT NULL UNIQUE REFERENCES film, language_name char(20) REFERENCES language (name));
CREATE TABLE film_actor_note (film_id int, actor_id uuid, note text,
    FOREIGN KEY (film_id, actor_id) REFERENCES film_actor);
CREATE TABLE categories (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE person (id int PRIMARY KEY, "position" int);
CREATE TABLE payment (id int, at date NOT NULL, amount numeric(5, 2), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE payment_2024 PARTITION OF payment FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE VIEW film_list AS SELECT title FROM film;

INSERT INTO language (name, last_update) VALUES ('English', '2024-01-02 03:04:05'), ('Deutsch', 'infinity');
INSERT INTO film (title, release_year, language_id, original_language_id, rating, length, special_features, scores, extra,
    "Opening Hours", deleted_at)
VALUES
    ('Alien', 1979, 1, NULL, 'NC-17', 'NaN', '{Trailers,NULL}', '{1,2}', '{"a": [1]}', '1 day 02:00', NULL),
    ('Aliens', 1986, 1, 2, 'PG', 137.5, NULL, NULL, 'null', NULL, '2024-05-06 07:08:09+02');
UPDATE film SET sequel_of = 1 WHERE film_id = 2;
UPDATE film SET sequel_of = 2 WHERE film_id = 1;
INSERT INTO actor VALUES ('0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e', 'Sigourney', 'x');
INSERT INTO film_actor SELECT film_id, '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e', film_id FROM film;
INSERT INTO trailer VALUES (1, 2, 'Deutsch'), (2, 1, NULL);
INSERT INTO film_actor_note VALUES (1, '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e', 'Ripley');
INSERT INTO person VALUES (7, 3);
INSERT INTO payment VALUES (1, '2024-02-03', 4.99);
