"""The report in Markdown."""

from benchmarks.mixed import CHANGING, STEADY
from benchmarks.results import StatementRate
from benchmarks.tables import render_report, render_table
from tests.benchmarks.runs import measurement, run_of


def test_a_table_has_its_names_left_and_its_numbers_right() -> None:
    assert render_table(["", "a"], [["x", "1"]]) == "|  | a |\n| --- | ---: |\n| x | 1 |"


def test_rates_are_medians_of_the_rounds_with_the_ratio_to_the_subject() -> None:
    subject = [measurement("W1", "fieldstone", 8, rate=rate) for rate in (9_000.0, 12_000.0, 15_000.0)]
    report = render_report(run_of(*subject, measurement("W1", "baseline", 8, rate=6_000.0)))
    assert "| W1 | 12,000 | 6,000 (2.00x) |" in report


def test_a_goal_is_reached_where_the_lesser_of_the_ratios_reaches_it() -> None:
    report = render_report(
        run_of(
            measurement("W1", "fieldstone", 8, rate=3_000.0),
            measurement("W1", "fieldstone", 32, rate=2_800.0),
            measurement("W1", "baseline", 8, rate=2_000.0),
            measurement("W1", "baseline", 32, rate=2_000.0),
            measurement("W1", "postgraphile", 8, rate=1_000.0),
            measurement("W1", "postgraphile", 32, rate=1_000.0),
        )
    )
    assert "| W1 against By hand | 1.5 | 1.50 / 1.40 | **no** |" in report
    assert "| W1 against PostGraphile 5 | 2 | 3.00 / 2.80 | yes |" in report


def test_rest_has_a_goal_against_graphql_with_the_same_answer() -> None:
    report = render_report(
        run_of(
            measurement("W1", "fieldstone", 8, rate=1_000.0),
            measurement("W1", "rest", 8, rate=890.0),
            measurement("W4", "fieldstone", 8, rate=1_000.0),
            measurement("W4", "rest", 8, rate=900.0),
        )
    )
    assert "| W1 of REST against Fieldstone | 0.9 | 0.89 | **no** |" in report
    assert "| W4 of REST against Fieldstone | 0.9 | 0.90 | yes |" in report


def test_the_part_of_the_rate_of_pgbench_is_shown_and_has_goals_of_its_own() -> None:
    rates = {8: (1_000.0, 4_000.0, 9_000.0), 32: (4_000.0, 4_000.0)}
    report = render_report(
        run_of(
            measurement("W1", "fieldstone", 8, rate=1_000.0),
            measurement("W1", "fieldstone", 32, rate=1_000.0),
            measurement("W4", "fieldstone", 8, rate=5.0),
            rates=tuple(
                StatementRate(workload="W1", connections=connections, rate=rate)
                for connections, each in rates.items()
                for rate in each
            ),
        )
    )
    assert "|  | Fieldstone | pgbench, the statement alone |" in report
    assert "| W1 | 1,000 | 4,000 (0.25x) |" in report
    assert "| W4 | 5.0 |  |" in report
    assert "| W1 against pgbench, 8 connections | 0.25 | 0.25 | yes |" in report
    assert "| W1 against pgbench, 32 connections | 0.33 | 0.25 | **no** |" in report


def test_the_tail_of_the_mixed_load_is_compared_within_each_pair() -> None:
    tails = {STEADY: (10.0, 20.0, 40.0), CHANGING: (14.0, 28.0, 80.0)}
    report = render_report(
        run_of(
            *(
                measurement("W7", "fieldstone", 8, rate=500.0, tail=tail, variant=variant, failed=1)
                for variant, values in tails.items()
                for tail in values
            )
        )
    )
    assert "1.40x, reached" in report
    assert "| 8 connections, changing | 500 | 1.00 | 2.00 | 28.00 | 9.0 | 3 |" in report
    assert "Requests per second" not in report
