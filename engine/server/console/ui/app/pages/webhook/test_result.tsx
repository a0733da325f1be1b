// The outcome of a test event.

import type { TestOutcome } from "../../api/webhooks/webhooks.ts";
import { Problem } from "../../kit/problem.tsx";

export function TestResult({ outcome }: { outcome: TestOutcome }) {
  const answer = outcome.responseStatus === null ? "no answer" : `status ${outcome.responseStatus}`;
  const title = `${outcome.succeeded ? "The test was taken" : "The test failed"}: ${answer} after ${outcome.durationMs} ms.`;
  const text = [outcome.error, outcome.responseBody].filter(Boolean).join("\n");
  return <Problem kind={outcome.succeeded ? "info" : "danger"} title={title} text={text} />;
}
