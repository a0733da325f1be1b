"""sql/compiler/terms.py: the clauses of a SELECT are joined as pypika joins them, and pypika joins those of writes."""

from itertools import product

from pypika.dialects import PostgreSQLQueryBuilder

from fieldstone.sql.compiler.terms import Expression, FromItem, InnerJoin, LeftJoin, Query

A, B, C = Expression("t0.a"), Expression("t0.b"), Expression("t0.a = 1")
CLAUSES = ("distinct", "join", "where", "group", "order", "limit", "offset", "lock")


def test_selects_are_those_of_pypika() -> None:
    for given in product((False, True), repeat=len(CLAUSES)):
        check_select({name for name, is_given in zip(CLAUSES, given, strict=True) if is_given})


def check_select(clauses: set[str]) -> None:
    source, other = FromItem("shop.person", "t0"), FromItem("shop.company", "t1")
    ours, theirs = Query().from_(source).select(A).select(B), PostgreSQLQueryBuilder(immutable=False)
    theirs.from_(source).select(A, B)
    if "distinct" in clauses:
        ours.distinct(A, B)
        theirs.distinct_on(A, B)
    if "join" in clauses:
        ours.join(LeftJoin(other, C)).join(InnerJoin(other, C))
    if "where" in clauses:
        ours.only(C)
        theirs.where(C)
    if "group" in clauses:
        ours.group(A, B)
        theirs.groupby(A, B)
    if "order" in clauses:
        ours.order(A).order(B)
        theirs.orderby(A, B)
    if "limit" in clauses:
        ours.limit(3)
        theirs.limit(3)
    if "offset" in clauses:
        ours.offset(Expression("2"))
        theirs.offset(2)
    if "lock" in clauses:
        ours.for_update()
        theirs.for_update()
    joined = (
        " LEFT JOIN shop.company AS t1 ON t0.a = 1 JOIN shop.company AS t1 ON t0.a = 1" if "join" in clauses else ""
    )
    text = theirs.get_sql().replace(" AS t0", " AS t0" + joined, 1)
    assert ours.text() == text
    named = Query().from_(FromItem("found", "t2")).select(A).with_(ours, "found").with_(ours, "again", inlined=True)
    withs = f"WITH found AS ({text}) ,again AS NOT MATERIALIZED ({text}) "
    assert named.text() == withs + Query().from_(FromItem("found", "t2")).select(A).text()


def test_statements_that_write_have_the_clauses_of_a_query() -> None:
    table, source = FromItem('shop."person"', "t0"), FromItem("given", "t1")
    change = Query().update(table).set("a", B).from_(source).only(C).returning(A)
    assert change.text() == 'UPDATE shop."person" AS t0 SET "a"=t0.b FROM given AS t1 WHERE t0.a = 1 RETURNING t0.a'
    rows = Query().insert(table, ["a", "b"]).from_(source).select(A, B).order(A).or_nothing().with_(change, "changed")
    insertion = 'INSERT INTO shop."person" AS t0 ("a","b") SELECT t0.a,t0.b FROM given AS t1 ORDER BY t0.a'
    expected = f"WITH changed AS ({change.text()}) {insertion} ON CONFLICT DO NOTHING"
    assert [rows.text(), rows.text()] == [expected, expected]
    assert Query().delete(table).only(C).text() == 'DELETE FROM shop."person" AS t0 WHERE t0.a = 1'
