"""SQL laid out for people is the same SQL."""

from pathlib import Path

import pytest

from tests.sql_layout import lay_out, tokens

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.sql"))

CASES = {
    "a clause each": (
        "SELECT t0.id FROM person AS t0 LEFT JOIN company AS t1 ON true WHERE t0.age > $1::int ORDER BY t0.id LIMIT 3",
        """SELECT t0.id
FROM person AS t0
LEFT JOIN company AS t1 ON true
WHERE t0.age > $1::int
ORDER BY t0.id
LIMIT 3""",
    ),
    "parentheses that fit a line stay on it": (
        "SELECT (SELECT count(*) FROM person) FROM company",
        "SELECT (SELECT count(*) FROM person)\nFROM company",
    ),
    "longer ones are indented": (
        (
            "SELECT COALESCE((SELECT t0.a_long_name_of_a_column FROM workspace.a_long_name AS t0"
            " WHERE t0.another_long_name_of_a_column IS NULL),'null')"
        ),
        """SELECT COALESCE(
  (
    SELECT t0.a_long_name_of_a_column
    FROM workspace.a_long_name AS t0
    WHERE t0.another_long_name_of_a_column IS NULL
  ),'null'
)""",
    ),
    "each common table expression": (
        f"WITH one AS (SELECT {'a' * 60}),two AS MATERIALIZED (SELECT {'b' * 60}) SELECT 1",
        f"WITH one AS (SELECT {'a' * 60})\n,two AS MATERIALIZED (SELECT {'b' * 60})\nSELECT 1",
    ),
    "strings and names are one word": (
        "SELECT 'it''s FROM (', \"WHERE \"\" (\" FROM person",
        "SELECT 'it''s FROM (', \"WHERE \"\" (\"\nFROM person",
    ),
    "one clause that has two keywords": (
        "INSERT INTO person DEFAULT VALUES ON CONFLICT DO NOTHING",
        "INSERT INTO person DEFAULT\nVALUES\nON CONFLICT DO NOTHING",
    ),
}


@pytest.mark.parametrize(("statement", "expected"), CASES.values(), ids=CASES.keys())
def test_lines_break_at_clauses(statement: str, expected: str) -> None:
    assert lay_out(statement) == expected
    assert tokens(expected) == tokens(statement)


def test_golden_cases_have_lines_that_can_be_reviewed() -> None:
    texts = [path.read_text(encoding="utf-8") for path in GOLDEN]
    assert len(texts) > 50
    for text in texts:
        assert tokens(text) == [word for one in text.split(";\n") if one for word in (*tokens(lay_out(one)), ";")]
    lengths = sorted(len(line) for text in texts for line in text.splitlines())
    # A string alone may be longer.
    assert lengths[-10] <= 130
