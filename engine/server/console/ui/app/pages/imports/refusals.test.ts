import assert from "node:assert/strict";
import { test } from "node:test";

import { readRefusals } from "./refusals.ts";

test("refused rows are read from the beginning of their CSV", () => {
  const head = "row,line,field,code,message,record\r\n";
  const first = '2,3,email,BAD_USER_INPUT,"""x"" is no address, or none at all","{""a"":\n1}"\r\n';
  assert.deepEqual(readRefusals(`${head}${first}7,9,,CONFLICT,Taken,"cut o`), [
    { row: "2", field: "email", message: '"x" is no address, or none at all' },
  ]);
  assert.deepEqual(readRefusals(head), []);
  assert.deepEqual(readRefusals(""), []);
  assert.equal(readRefusals(head + first.repeat(50)).length, 20);
});
