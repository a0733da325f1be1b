import assert from "node:assert/strict";
import { test } from "node:test";
import { detectEncoding, type Encoding, toUtf8 } from "./encoding.ts";

const TEXT = "name;city\r\nZoë;Łódź\r\n";

function utf16(text: string, isLittle: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2));
  for (const [index, unit] of [0xfeff, ...text].entries()) {
    view.setUint16(2 * index, typeof unit === "number" ? unit : unit.charCodeAt(0), isLittle);
  }
  return new Uint8Array(view.buffer);
}

const FILES: readonly (readonly [string, BlobPart, Encoding, string])[] = [
  ["UTF-8", TEXT, "utf-8", TEXT],
  ["UTF-8 with a mark", `\ufeff${TEXT}`, "utf-8", TEXT],
  ["UTF-16, the low byte first", utf16(TEXT, true), "utf-16le", TEXT],
  ["UTF-16, the high byte first", utf16(TEXT, false), "utf-16be", TEXT],
  ["Windows-1252", new Uint8Array([0x5a, 0x6f, 0xeb, 0x3b, 0x80]), "windows-1252", "Zoë;€"],
  ["a character that is cut off", new Uint8Array([0x5a, 0xc3]), "windows-1252", "ZÃ"],
  ["nothing", "", "utf-8", ""],
];

for (const [name, content, encoding, text] of FILES) {
  test(`a file in ${name} is read as it is`, async () => {
    const file = new Blob([content]);
    assert.equal(await detectEncoding(file), encoding);
    assert.equal(new TextDecoder().decode(await (await toUtf8(file, encoding)).arrayBuffer()), text);
  });
}
