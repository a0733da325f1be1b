// The sub-fields of composite types; a field of any other type has none.

export type Part = { name: string; label: string; type: string };

const PARTS: Readonly<Record<string, readonly Part[]>> = {
  FULL_NAME: [
    { name: "firstName", label: "First name", type: "TEXT" },
    { name: "lastName", label: "Last name", type: "TEXT" },
  ],
  EMAILS: [
    { name: "primaryEmail", label: "Email", type: "TEXT" },
    { name: "additionalEmails", label: "Further emails", type: "RAW_JSON" },
  ],
  PHONES: [
    { name: "primaryPhoneNumber", label: "Number", type: "TEXT" },
    { name: "primaryPhoneCountryCode", label: "Country", type: "TEXT" },
    { name: "primaryPhoneCallingCode", label: "Calling code", type: "TEXT" },
    { name: "additionalPhones", label: "Further numbers", type: "RAW_JSON" },
  ],
  LINKS: [
    { name: "primaryLinkUrl", label: "URL", type: "TEXT" },
    { name: "primaryLinkLabel", label: "Text", type: "TEXT" },
    { name: "secondaryLinks", label: "Further links", type: "RAW_JSON" },
  ],
  CURRENCY: [
    { name: "amountMicros", label: "Amount", type: "MICROS" },
    { name: "currencyCode", label: "Currency", type: "TEXT" },
  ],
  ADDRESS: [
    { name: "addressStreet1", label: "Street", type: "TEXT" },
    { name: "addressStreet2", label: "Street, line 2", type: "TEXT" },
    { name: "addressPostcode", label: "Postal code", type: "TEXT" },
    { name: "addressCity", label: "City", type: "TEXT" },
    { name: "addressState", label: "State", type: "TEXT" },
    { name: "addressCountry", label: "Country", type: "TEXT" },
    { name: "addressLat", label: "Latitude", type: "NUMBER" },
    { name: "addressLng", label: "Longitude", type: "NUMBER" },
  ],
  ACTOR: [
    { name: "name", label: "Name", type: "TEXT" },
    { name: "source", label: "Source", type: "TEXT" },
    { name: "workspaceMemberId", label: "Member", type: "UUID" },
    { name: "context", label: "Context", type: "RAW_JSON" },
  ],
  RICH_TEXT: [
    { name: "markdown", label: "Markdown", type: "TEXT" },
    { name: "blocknote", label: "BlockNote", type: "TEXT" },
  ],
};

export function partsOf(type: string): readonly Part[] {
  return PARTS[type] ?? [];
}
