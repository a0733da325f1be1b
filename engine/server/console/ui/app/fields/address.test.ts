import assert from "node:assert/strict";
import { test } from "node:test";
import { outsideOf } from "./address.ts";

const link = (primaryLinkUrl: unknown) => outsideOf({ primaryLinkUrl }, { type: "LINKS" })?.href ?? null;

test("a link leads to a page of the web, and to nothing else", () => {
  assert.equal(link("https://a.example/b?c=d"), "https://a.example/b?c=d");
  assert.equal(link("a.example/b"), "https://a.example/b");
  assert.equal(link("a.example:8080/b"), "https://a.example:8080/b");
  for (const text of [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "file:///etc",
    "",
    null,
    3,
  ])
    assert.equal(link(text), null, String(text));
});

test("an address of mail is written to, and a number is called", () => {
  assert.deepEqual(outsideOf({ primaryEmail: "a b@c.example" }, { type: "EMAILS" }), {
    href: "mailto:a%20b@c.example",
    verb: "Write",
  });
  assert.deepEqual(
    outsideOf({ primaryPhoneCallingCode: "+49", primaryPhoneNumber: "(30) 12-3" }, { type: "PHONES" })?.href,
    "tel:+4930123",
  );
  // The number has the calling code itself.
  assert.equal(
    outsideOf({ primaryPhoneCallingCode: "+49", primaryPhoneNumber: "+49 30 123" }, { type: "PHONES" })?.href,
    "tel:+4930123",
  );
  assert.equal(outsideOf({ primaryEmail: "nobody" }, { type: "EMAILS" }), null);
  assert.equal(outsideOf({ primaryPhoneCallingCode: "+49", primaryPhoneNumber: null }, { type: "PHONES" }), null);
});

test("an address of mail brings no headers, no text and no other receivers", () => {
  const write = (primaryEmail: string) => outsideOf({ primaryEmail }, { type: "EMAILS" })?.href;
  assert.equal(write("a@b.example?bcc=c@d.example&body=e"), "mailto:a@b.example%3Fbcc%3Dc@d.example%26body%3De");
  assert.equal(write("a@b.example,c@d.example"), "mailto:a@b.example%2Cc@d.example");
  assert.equal(write("a@b.example\r\nbcc:c"), "mailto:a@b.example%0D%0Abcc%3Ac");
});

test("other values lead nowhere", () => {
  assert.equal(outsideOf(null, { type: "LINKS" }), null);
  assert.equal(outsideOf("https://a.example", { type: "TEXT" }), null);
});
