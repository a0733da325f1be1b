"""The addresses of all pages, and their headings."""

from collections.abc import Mapping

from playwright.async_api import expect

from tests.engine.server.console.browsing import Served, Watched

PAGES: Mapping[str, str] = {
    "": "default",
    "records": "All objects",
    "records/people": "People",
    "records/people?open=new": "People",
    "records/people?open=ID": "People",
    "records/people/ID": "Ada",
    "records/people/trash": "People in the trash",
    "records/people/import": "Import People",
    "records/opportunities/board?by=stage": "Opportunities",
    "model": "Data model",
    "model/graph": "Data model",
    "model/person": "People",
    "model/person/email": "People",
    "model/history": "History of the model",
    "access/roles": "Access",
    "access/keys": "Access",
    "access/sessions": "Access",
    "access/documents": "Access",
    "access/explain": "Access",
    "access/audit": "Access",
    "webhooks": "Webhooks",
    "events": "Events",
    "operations": "Operations",
    "api?object=people": "API",
    "no/where": "Nothing is here",
}


async def open_page(watched: Watched, served: Served, path: str, title: str, record: str) -> None:
    await watched.page.goto(f"{served.address}/console/{path.replace('ID', record)}")
    await expect(watched.page.get_by_role("heading", level=1, name=title)).to_be_visible()
    await expect(watched.page.get_by_text("Loading…")).to_have_count(0)
    # The objects in the side bar come by themselves, and their pins with the preferences.
    await expect(watched.page.get_by_label("Pin Companies")).to_be_visible()
