"""The records of the demo's own objects, as `sample` makes those of the standard ones."""

from collections.abc import Iterator
from datetime import date, timedelta

from fieldstone.engine.server.demo.sample import (
    COMPANIES,
    OPPORTUNITIES,
    PEOPLE,
    Draw,
    SampleRecord,
    record_id,
    system_values,
)
from fieldstone.engine.server.demo.words import CAMPAIGN_SUBJECTS, REMINDER_TITLES

_CAMPAIGNS, _MEMBERS, _REMINDERS = 2 * len(CAMPAIGN_SUBJECTS), 20, 240
DEMO_TOTAL = _CAMPAIGNS * (_MEMBERS + 1) + _REMINDERS

_STATES = ("PLANNED", "RUNNING", "FINISHED")
_CHANNELS = ("EMAIL", "EVENT", "SOCIAL", "PRINT")
_RESPONSES = ("INVITED", "ACCEPTED", "DECLINED")
_SUBJECTS = {"aboutCompany": ("company", COMPANIES), "aboutPerson": ("person", PEOPLE)}
_SUBJECTS |= {"aboutOpportunity": ("opportunity", OPPORTUNITIES)}


def demo_records() -> Iterator[tuple[str, SampleRecord]]:
    """Yield (nameSingular, record), every record after those that it points to."""
    for number in range(_CAMPAIGNS):
        yield "campaign", _campaign(Draw("campaign", number))
    for number in range(_CAMPAIGNS * _MEMBERS):
        yield "campaignMember", _member(Draw("campaignMember", number))
    for number in range(_REMINDERS):
        yield "reminder", _reminder(Draw("reminder", number))


def _campaign(draw: Draw) -> SampleRecord:
    subject = CAMPAIGN_SUBJECTS[draw.number % len(CAMPAIGN_SUBJECTS)]
    year = 2024 + draw.number // len(CAMPAIGN_SUBJECTS)
    has_budget = not draw.chance(15, "no budget")
    return {
        **system_values(draw),
        "name": f"{subject} {year}",
        "status": draw.one_of(_STATES, "status"),
        "channels": [channel for channel in _CHANNELS if draw.chance(45, channel)],
        "budget.amountMicros": (1 + draw.below(60, "budget")) * 500_000_000 if has_budget else None,
        "budget.currencyCode": draw.one_of(("EUR", "EUR", "USD"), "currency") if has_budget else None,
        "startsOn": date(year, 1, 8) + timedelta(days=7 * draw.below(48, "start")),
        "page.primaryLinkUrl": f"https://campaigns.example/{draw.number}",
        "page.primaryLinkLabel": f"{subject} {year}",
        # A stride that shares no factor with the number of people: each leads one campaign at most.
        "lead": None if draw.chance(20, "no lead") else record_id("person", draw.number * 7 % PEOPLE),
    }


def _member(draw: Draw) -> SampleRecord:
    return {
        **system_values(draw),
        "campaign": record_id("campaign", draw.number % _CAMPAIGNS),
        "person": record_id("person", draw.number * 3 % PEOPLE),
        "response": draw.one_of(_RESPONSES, "response"),
    }


def _reminder(draw: Draw) -> SampleRecord:
    about, (kind, count) = draw.one_of(tuple(_SUBJECTS.items()), "about")
    return {
        **system_values(draw),
        "title": draw.one_of(REMINDER_TITLES, "title"),
        "dueOn": None if draw.chance(20, "no due") else date(2025, 1, 1) + timedelta(days=draw.below(700, "due")),
        "isDone": draw.chance(40, "done"),
        **{field: record_id(kind, draw.below(count, "subject")) if field == about else None for field in _SUBJECTS},
    }
