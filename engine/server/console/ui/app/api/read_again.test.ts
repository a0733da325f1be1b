import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { readAgain } from "./read_again.ts";

test("the answer of a read that was under way is not shown", async () => {
  const client = new QueryClient();
  const answers: ((value: string) => void)[] = [];
  const queryFn = () => new Promise<string>((answer) => answers.push(answer));
  const observer = new QueryObserver(client, { queryKey: ["events", "all"], queryFn });
  const end = observer.subscribe(() => undefined);
  const isRead = readAgain(client, ["events"]);
  await new Promise(setImmediate);
  assert.equal(answers.length, 2);
  answers[0]?.("before");
  await new Promise(setImmediate);
  assert.equal(observer.getCurrentResult().data, undefined);
  answers[1]?.("after");
  await isRead;
  assert.equal(observer.getCurrentResult().data, "after");
  end();
  client.clear();
});
