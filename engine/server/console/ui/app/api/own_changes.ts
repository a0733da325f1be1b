// The changes of the model by this page: it reads the model again after each, and need not when the socket tells it too.

let running: Promise<unknown> = Promise.resolve();
let newest = 0n;

/** Note a change of the model, whose answer has the version that it made. */
export async function noteOwn(change: Promise<{ version: unknown }>): Promise<void> {
  running = change.catch(() => null);
  const version = BigInt(String((await change).version));
  newest = version > newest ? version : newest;
}

/** Whether the page knows a version by its own changes: the answer waits for a change under way. */
export async function isOwn(version: string): Promise<boolean> {
  await running;
  return BigInt(version) <= newest;
}
