import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { followModel, isPaused, retryWait, whenBegun } from "./live.ts";

test("the socket is tried again twice as late each time, and after ten seconds at most", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 2000].map((retries) => retryWait(retries, 0)),
    [1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  assert.equal(retryWait(2000, 1), 5000);
});

test("a page without subscriptions reads at once", async () => {
  await whenBegun();
});

/** A socket that opens and is acknowledged, and answers no further message. */
class DeafSocket {
  static readonly [key: string]: unknown;
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static readonly made: DeafSocket[] = [];
  readyState = DeafSocket.CONNECTING;
  readonly sent: string[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: string }) => void = () => undefined;
  constructor() {
    DeafSocket.made.push(this);
  }
  open(): void {
    this.readyState = DeafSocket.OPEN;
    this.onopen();
  }
  send(message: string): void {
    this.sent.push(JSON.parse(message).type);
  }
  close(): void {
    this.readyState = DeafSocket.CLOSING;
  }
}

const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

test("a socket on which nothing comes is asked, left, told of, and opened again", async () => {
  Object.assign(globalThis, { WebSocket: DeafSocket, window: { location: { href: "http://127.0.0.1/console/" } } });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const live = followModel("subscription S { modelChanged { version } }", () => undefined);
    await turns();
    const [first] = DeafSocket.made;
    first?.open();
    await turns();
    first?.onmessage({ data: JSON.stringify({ type: "connection_ack" }) });
    await turns();
    assert.deepEqual(first?.sent, ["connection_init", "subscribe"]);
    mock.timers.tick(10_000);
    assert.equal(first?.sent.at(-1), "ping");
    first?.onmessage({ data: JSON.stringify({ type: "pong" }) });
    mock.timers.tick(10_000);
    assert.equal(isPaused(), false);
    // No pong follows the second ping, and no end of the socket either.
    mock.timers.tick(5000);
    assert.equal(first?.readyState, DeafSocket.CLOSING);
    await turns();
    mock.timers.tick(3000);
    assert.equal(isPaused(), true);
    await turns();
    assert.equal(DeafSocket.made.length, 2);
    // The next one does not even open.
    mock.timers.tick(10_000);
    await turns();
    mock.timers.tick(3000);
    await turns();
    assert.equal(DeafSocket.made.length, 3);
    live.stop();
  } finally {
    mock.timers.reset();
  }
});
