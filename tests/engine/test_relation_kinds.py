"""One-to-one, many-to-many, self- and morph relations, made through the Metadata API and used by the Core API."""

from typing import Any

import psycopg
import pytest

from fieldstone.metadata.json_text import loads
from tests.apis import Apis
from tests.engine.relations import CREATE, relate


async def _companies(apis: Apis, *names: str) -> list[str]:
    answer = await apis.data(
        "mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { id } }", d=[{"name": name} for name in names]
    )
    return [one["id"] for one in answer["createCompanies"]]


async def test_a_one_to_one_relation_is_to_one_at_both_ends(apis: Apis) -> None:
    made = await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
    assert made["data"]["createField"]["relation"] == {
        "type": "ONE_TO_ONE",
        "targetObject": {"nameSingular": "company"},
        "targetField": {"name": "boss", "relation": {"type": "ONE_TO_ONE"}},
    }
    acme, blue, _ = await _companies(apis, "Acme", "Blue", "Corp")
    create = "mutation ($d: PersonInput!) { createPerson(data: $d) { id runs { name boss { email } } } }"
    ada = (await apis.data(create, d={"email": "ada@x", "runs": {"connect": acme}}))["createPerson"]
    assert ada["runs"] == {"name": "Acme", "boss": {"email": "ada@x"}}
    taken = await apis.error(create, d={"email": "bob@x", "runsId": acme})
    assert (taken["extensions"]["code"], taken["extensions"]["field"]) == ("CONFLICT", "runs")
    bob = (await apis.data(create, d={"email": "bob@x", "runsId": blue}))["createPerson"]

    ordered = await apis.data(
        "{ companies(orderBy: { boss: { email: DESC } }) { edges { node { name boss { email } } } } }"
    )
    assert [edge["node"]["name"] for edge in ordered["companies"]["edges"]] == ["Corp", "Blue", "Acme"]
    names = (
        "query ($f: CompanyFilterInput) { companies(filter: $f, orderBy: { name: ASC }) { edges { node { name } } } }"
    )

    async def found(given: Any) -> list[str]:
        return [edge["node"]["name"] for edge in (await apis.data(names, f=given))["companies"]["edges"]]

    assert await found({"boss": {"email": {"eq": "bob@x"}}}) == ["Blue"]
    assert await found({"not": {"boss": {"email": {"eq": "bob@x"}}}}) == ["Acme"]
    assert await found({"boss": {"is": "NULL"}}) == ["Corp"]

    # A deleted record gives its place to another; a filter that names deletedAt then sees both.
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ada["id"])
    assert await found({"boss": {"is": "NULL"}}) == ["Acme", "Corp"]
    await apis.data(create, d={"email": "eve@x", "runsId": acme})
    assert await found({"boss": {"email": {"eq": "ada@x"}}}) == []
    assert await found({"boss": {"email": {"eq": "ada@x"}, "deletedAt": {"is": "NOT_NULL"}}}) == ["Acme"]
    neither = {"or": [{"email": {"eq": "ada@x"}}, {"email": {"eq": "eve@x"}}], "deletedAt": {"is": "NOT_NULL"}}
    assert await found({"not": {"boss": neither}}) == ["Blue"]
    back = await apis.error("mutation ($id: UUID!) { restorePerson(id: $id) { id } }", id=ada["id"])
    assert back["extensions"]["code"] == "CONFLICT"

    # The key is written where it is held, and its name is known only there.
    refused = await apis.error("mutation { createCompany(data: { bossId: null }) { id } }")
    assert refused["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    gone = await apis.data("mutation ($id: UUID!) { destroyCompany(id: $id) { name boss { email } } }", id=blue)
    assert gone["destroyCompany"] == {"name": "Blue", "boss": {"email": "bob@x"}}
    assert (await apis.data("query ($id: UUID!) { person(id: $id) { runsId } }", id=bob["id"]))["person"] == {
        "runsId": None
    }


async def test_an_object_may_be_related_to_itself(apis: Apis) -> None:
    await relate(apis, "company", "parent", "company", "children")
    group, _ = await _companies(apis, "Group", "Other")
    made = await apis.data(
        'mutation ($id: ConnectTarget!) { createCompany(data: { name: "Part", parent: { connect: $id } })'
        " { name parent { name children { edges { node { name } } } } } }",
        id=group,
    )
    assert made["createCompany"] == {
        "name": "Part",
        "parent": {"name": "Group", "children": {"edges": [{"node": {"name": "Part"}}]}},
    }
    deep = await apis.data(
        '{ companies(filter: { parent: { name: { eq: "Group" }, parent: { is: NULL } } }) { totalCount } }'
    )
    assert deep["companies"]["totalCount"] == 1


async def test_a_many_to_many_relation_has_an_object_of_its_own(apis: Apis) -> None:
    made = await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY", description="Helpers.")
    assert made["data"]["createField"]["relation"] == {
        "type": "ONE_TO_MANY",
        "targetObject": {"nameSingular": "companyPerson"},
        "targetField": {"name": "company", "relation": {"type": "MANY_TO_ONE"}},
    }
    snapshot = await apis.snapshot()
    assert snapshot.by_singular["company"].by_name["advisers"].description == "Helpers."
    acme, blue = await _companies(apis, "Acme", "Blue")
    people = await apis.data('mutation { createPeople(data: [{ email: "ada@x" }, { email: "bob@x" }]) { id } }')
    ada, bob = (one["id"] for one in people["createPeople"])
    link = "mutation ($d: [CompanyPersonInput!]!) { createCompanyPeople(data: $d) { id } }"
    await apis.data(link, d=[{"companyId": acme, "personId": ada}, {"companyId": acme, "personId": bob}])
    twice = await apis.error(link, d=[{"companyId": acme, "personId": ada}])
    assert twice["extensions"]["code"] == "CONFLICT"
    alone = await apis.error(link, d=[{"companyId": blue}])
    assert alone["extensions"]["field"] == "data[0].person"
    both = await apis.data(
        """{ companies(orderBy: { name: ASC }) { edges { node { name
        advisers(orderBy: { person: { email: DESC } }) { totalCount edges { node { person { email } } } } } } }
        people(filter: { email: { eq: "ada@x" } }) { edges { node {
        advises { edges { node { company { name } } } } } } } }"""
    )
    assert both == {
        "companies": {
            "edges": [
                {
                    "node": {
                        "name": "Acme",
                        "advisers": {
                            "totalCount": 2,
                            "edges": [
                                {"node": {"person": {"email": "bob@x"}}},
                                {"node": {"person": {"email": "ada@x"}}},
                            ],
                        },
                    }
                },
                {"node": {"name": "Blue", "advisers": {"totalCount": 0, "edges": []}}},
            ]
        },
        "people": {"edges": [{"node": {"advises": {"edges": [{"node": {"company": {"name": "Acme"}}}]}}}]},
    }
    # The links go with the records that they link.
    await apis.data("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=ada)
    assert (await apis.data("{ companyPeople { totalCount } }"))["companyPeople"]["totalCount"] == 1

    # A second relation of the two needs other names for its object, and says so.
    refused = (await relate(apis, "company", "fans", "person", "likes", type="MANY_TO_MANY"))["errors"][0]
    assert refused["extensions"]["field"] == "junctionNameSingular"
    named = await relate(
        apis,
        "company",
        "fans",
        "person",
        "likes",
        type="MANY_TO_MANY",
        junctionNameSingular="fandom",
        junctionNamePlural="fandoms",
    )
    assert named["data"]["createField"]["relation"]["targetObject"] == {"nameSingular": "fandom"}
    own = await relate(apis, "person", "friends", "person", "friendOf", type="MANY_TO_MANY")
    assert own["data"]["createField"]["relation"]["targetField"]["name"] == "person"
    assert set((await apis.snapshot()).by_singular["personPerson"].foreign_keys) == {"personId", "otherPersonId"}


async def test_what_a_many_to_many_relation_cannot_have_is_refused(apis: Apis) -> None:
    for extra, field in (
        ({"isNullable": False}, "isNullable"),
        ({"settings": {"onDelete": "CASCADE"}}, "settings"),
        ({"defaultValue": "x"}, "defaultValue"),
    ):
        answer = await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY", **extra)
        assert answer["errors"][0]["extensions"]["field"] == field
    clash = await relate(apis, "company", "people", "person", "advises", type="MANY_TO_MANY")
    assert clash["errors"][0]["extensions"]["field"] == "name"
    stray = await relate(apis, "company", "advisers", "person", "advises", junctionNameSingular="advice")
    assert stray["errors"][0]["extensions"]["field"] == "junctionNameSingular"


async def test_a_morph_relation_leads_to_a_record_of_one_of_several_objects(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    targets = [
        {"targetObjectMetadataId": str(snapshot.by_singular[name].id), "targetFieldLabel": "Owned activities"}
        for name in ("person", "company")
    ]
    given: dict[str, Any] = {
        "objectMetadataId": str(snapshot.by_singular["activity"].id),
        "name": "owner",
        "label": "Owner",
        "type": "MORPH_RELATION",
    }
    made = loads(
        (await apis.send(CREATE, {"input": given | {"morphRelationsCreationPayload": targets}}, api=apis.metadata)).body
    )
    assert made["data"]["createField"]["name"] == "ownerPerson"
    assert [field.type.value for field in (await apis.snapshot()).by_singular["activity"].morphs[0]] == [
        "MORPH_RELATION",
        "MORPH_RELATION",
    ]
    (acme,) = await _companies(apis, "Acme")
    person = await apis.data('mutation { createPerson(data: { email: "ada@x" }) { id } }')
    ada = person["createPerson"]["id"]
    fields = "{ id ownerPersonId ownerCompanyId ownerPerson { email } ownerCompany { name } }"
    create = f"mutation ($d: ActivityInput!) {{ createActivity(data: $d) {fields} }}"
    update = f"mutation ($id: UUID!, $d: ActivityInput!) {{ updateActivity(id: $id, data: $d) {fields} }}"
    call = (await apis.data(create, d={"ownerPerson": {"connect": ada}}))["createActivity"]
    by_ada = {"id": call["id"], "ownerPersonId": ada, "ownerCompanyId": None, "ownerPerson": {"email": "ada@x"}}
    assert call == by_ada | {"ownerCompany": None}

    # To set one of them is to leave the other.
    moved = (await apis.data(update, id=call["id"], d={"ownerCompanyId": acme}))["updateActivity"]
    assert (moved["ownerPersonId"], moved["ownerCompany"]) == (None, {"name": "Acme"})
    same = (await apis.data(update, id=call["id"], d={"ownerPersonId": None, "title": "x"}))["updateActivity"]
    assert same["ownerCompanyId"] == acme
    for text, variables in ((create, {}), (update, {"id": call["id"]})):
        both = await apis.error(text, **variables, d={"ownerPersonId": ada, "ownerCompany": {"connect": acme}})
        assert (both["extensions"]["code"], both["extensions"]["field"]) == ("BAD_USER_INPUT", "ownerCompany")

    shown = await apis.data(
        "query ($f: ActivityFilterInput) { activities(filter: $f) { totalCount }"
        " companies { edges { node { ownedActivities { totalCount } } } } }",
        f={"or": [{"ownerPerson": {"email": {"eq": "ada@x"}}}, {"ownerCompany": {"name": {"eq": "Acme"}}}]},
    )
    assert shown == {
        "activities": {"totalCount": 1},
        "companies": {"edges": [{"node": {"ownedActivities": {"totalCount": 1}}}]},
    }
    await apis.data("mutation ($id: UUID!) { destroyCompany(id: $id) { id } }", id=acme)
    left = await apis.data(f"query ($id: UUID!) {{ activity(id: $id) {fields} }}", id=call["id"])
    assert left["activity"]["ownerCompanyId"] is None


async def test_what_a_morph_relation_cannot_have_is_refused(apis: Apis) -> None:
    snapshot = await apis.snapshot()
    company = {"targetObjectMetadataId": str(snapshot.by_singular["company"].id), "targetFieldLabel": "Owned"}
    given: dict[str, Any] = {
        "objectMetadataId": str(snapshot.by_singular["activity"].id),
        "name": "owner",
        "label": "Owner",
        "type": "MORPH_RELATION",
        "morphRelationsCreationPayload": [company],
    }
    for extra, field in (
        ({"morphRelationsCreationPayload": []}, "morphRelationsCreationPayload"),
        ({"morphRelationsCreationPayload": [company, company]}, "morphRelationsCreationPayload"),
        ({"morphRelationsCreationPayload": [company | {"type": "ONE_TO_ONE"}]}, "type"),
        ({"isNullable": False}, "isNullable"),
        ({"isUnique": True}, "isUnique"),
        ({"type": "TEXT"}, "morphRelationsCreationPayload"),
        ({"name": "x" * 60}, "name"),
    ):
        answer = loads((await apis.send(CREATE, {"input": given | extra}, api=apis.metadata)).body)
        assert answer["errors"][0]["extensions"]["field"] == field


async def test_the_database_holds_that_one_key_of_a_morph_relation_is_set(apis: Apis, workspace_dsn: str) -> None:
    snapshot = await apis.snapshot()
    targets = [
        {"targetObjectMetadataId": str(snapshot.by_singular[name].id), "targetFieldLabel": "Owned activities"}
        for name in ("person", "company", "opportunity")
    ]
    given = {
        "objectMetadataId": str(snapshot.by_singular["activity"].id), "name": "owner", "label": "Owner",
        "type": "MORPH_RELATION", "morphRelationsCreationPayload": targets,
    }  # fmt: skip
    await apis.change(CREATE, input=given)
    twice = loads((await apis.send(CREATE, {"input": given}, api=apis.metadata)).body)["errors"][0]
    assert "morph relation owner" in twice["message"]
    (acme,) = await _companies(apis, "Acme")
    ada = (await apis.data('mutation { createPerson(data: { email: "ada@x" }) { id } }'))["createPerson"]["id"]
    call = (await apis.data("mutation ($p: UUID) { createActivity(data: { ownerPersonId: $p }) { id } }", p=ada))[
        "createActivity"
    ]["id"]

    def set_both() -> None:
        with psycopg.connect(workspace_dsn) as connection:
            connection.execute(
                'UPDATE workspace_default.activity SET "ownerPersonId" = %s, "ownerCompanyId" = %s', [ada, acme]
            )

    with pytest.raises(psycopg.errors.CheckViolation, match="activity_owner_morph"):
        set_both()

    async def update(field: str, **values: Any) -> None:
        object_ = (await apis.snapshot()).by_singular["activity"]
        id_ = next(one.id for one in object_.fields if one.name == field)
        text = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"
        await apis.change(text, id=str(id_), input=values)

    required = loads(
        (
            await apis.send(
                "mutation ($id: UUID!) { updateField(id: $id, input: { isNullable: false }) { id } }",
                {"id": str((await apis.snapshot()).by_singular["activity"].by_name["ownerPerson"].id)},
                api=apis.metadata,
            )
        ).body
    )["errors"][0]
    assert required["extensions"]["field"] == "isNullable"

    # A part that is hidden gives way to one that is set, so that it is right when it is shown again.
    await update("ownerPerson", isActive=False)
    text = (
        "mutation ($id: UUID!, $c: UUID) { updateActivity(id: $id, data: { ownerCompanyId: $c }) { ownerCompanyId } }"
    )
    assert (await apis.data(text, id=call, c=acme))["updateActivity"] == {"ownerCompanyId": acme}
    await update("ownerPerson", isActive=True)
    left = await apis.data("query ($id: UUID!) { activity(id: $id) { ownerPersonId } }", id=call)
    assert left == {"activity": {"ownerPersonId": None}}

    # The rest of it is held when one of its parts goes.
    third = (await apis.snapshot()).by_singular["activity"].by_name["ownerOpportunity"].id
    await apis.change("mutation ($id: UUID!) { deleteField(id: $id) { id } }", id=str(third))
    with pytest.raises(psycopg.errors.CheckViolation, match="activity_owner_morph"):
        set_both()
