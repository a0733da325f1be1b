"""An object with a field of every type, as the schema shows it."""

from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema

SYSTEM = {
    "id": "UUID!",
    "name": "String",
    "createdAt": "DateTime!",
    "updatedAt": "DateTime!",
    "deletedAt": "DateTime",
    "createdBy": "ActorValue",
    "position": "Float!",
}

THING = SYSTEM | {
    "uuidField": "UUID",
    "textField": "String",
    "numberField": "Float",
    "numberDecimalField": "Float",
    "numberIntField": "Int",
    "numberBigintField": "BigInt",
    "numberFloatField": "Float",
    "numericField": "BigFloat",
    "booleanField": "Boolean",
    "dateField": "Date",
    "datetimeField": "DateTime",
    "selectField": "ThingSelectFieldEnum",
    "multiselectField": "[ThingMultiselectFieldEnum!]",
    "ratingField": "ThingRatingFieldEnum",
    "arrayField": "[String!]",
    "rawjsonField": "JSON",
    "fullnameField": "FullNameValue",
    "emailsField": "EmailsValue",
    "phonesField": "PhonesValue",
    "linksField": "LinksValue",
    "currencyField": "CurrencyValue",
    "addressField": "AddressValue",
    "actorField": "ActorValue",
    "richtextField": "RichTextValue",
    "positionField": "Float",
    "tsvectorField": "TSVector",
    "other": "Other",
    "otherId": "UUID",
    "parent": "Thing",
    "parentId": "UUID",
    "children": "ThingConnection!",
}

NAMES = {name: type_.removesuffix("!") for name, type_ in THING.items() if name != "children"}
COMPOSITES = {type_ for type_ in NAMES.values() if type_.endswith("Value")}
RELATIONS = {"Other", "Thing"}

TOTALS = {
    "position": "Float",
    "numberField": "Float",
    "numberDecimalField": "Float",
    "numberIntField": "Float",
    "numberBigintField": "BigFloat",
    "numberFloatField": "Float",
    "numericField": "BigFloat",
    "positionField": "Float",
    "ratingField": "Float",
}


def fields_of(schema: GraphQLSchema, name: str) -> dict[str, str]:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInputObjectType)
    return {field_name: str(field.type) for field_name, field in type_.fields.items()}
