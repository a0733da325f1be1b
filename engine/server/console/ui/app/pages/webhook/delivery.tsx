// A delivery: the body that is sent, and each attempt with its answer.

import { useQuery } from "@tanstack/react-query";

import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { type DeliveryStatus, findDelivery, type Try, type WholeDelivery } from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { Time } from "../../kit/time.tsx";
import { indented } from "./body.ts";

const STATES = {
  PENDING: { label: "Waiting", color: "blue" },
  DELIVERED: { label: "Delivered", color: "green" },
  FAILED: { label: "Failed", color: "red" },
} as const;

export function DeliveryState({ status }: { status: DeliveryStatus }) {
  return <Chip color={STATES[status].color}>{STATES[status].label}</Chip>;
}

/** The outcome of an attempt in a line. */
export function answerOf(status: number | null, error: string | null): string {
  return status === null ? (error ?? "—") : `${status}${error ? `: ${error}` : ""}`;
}

export function DeliveryDialog({ id, onClose, onSend }: { id: string; onClose: () => void; onSend: () => void }) {
  const scope = useScope();
  const delivery = useQuery({
    queryKey: keyOf(scope, "webhooks", null, "delivery", id),
    queryFn: ({ signal }) => findDelivery(id, signal),
    staleTime: 0,
  });
  return (
    <Dialog
      title={delivery.data ? `Delivery of ${delivery.data.event}` : "Delivery"}
      size="large"
      onClose={onClose}
      actions={
        <>
          {delivery.data && <Button onPress={onSend}>Send again</Button>}
          <Button kind="primary" onPress={onClose}>
            Close
          </Button>
        </>
      }
    >
      {delivery.error && <Problem title="The delivery cannot be read." text={delivery.error.message} />}
      {delivery.data === null && <p>There is no such delivery any more.</p>}
      {delivery.data && <Whole delivery={delivery.data} />}
    </Dialog>
  );
}

function Whole({ delivery: { status, recordId, request, nextAttemptAt, tries } }: { delivery: WholeDelivery }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a delivery that is longer than the dialog is scrolled by keys
    <section className="delivery" aria-label="The delivery" tabIndex={0}>
      <dl className="webhook-facts">
        <dt>Status</dt>
        <dd>
          <DeliveryState status={status} />
        </dd>
        <dt>Record</dt>
        <dd>
          <code>{recordId}</code>
        </dd>
        {nextAttemptAt !== null && (
          <>
            <dt>Next attempt</dt>
            <dd>
              <Time at={nextAttemptAt} isExact />
            </dd>
          </>
        )}
      </dl>
      <h3>Attempts</h3>
      {tries.length === 0 && <p>It has not been sent yet.</p>}
      <ol className="delivery-tries">
        {tries.map((one) => (
          <Attempt key={one.at} attempt={one} />
        ))}
      </ol>
      <h3>Request</h3>
      {request === null ? (
        <p>Your role does not see what is sent.</p>
      ) : (
        <pre className="deliveries-body">{indented(request)}</pre>
      )}
    </section>
  );
}

function Attempt({ attempt: { at, status, ms, error, answer } }: { attempt: Try }) {
  return (
    <li>
      <p>
        <Time at={at} isExact /> <strong>{answerOf(status, error)}</strong> after {printCount(ms)} ms
      </p>
      {answer && <pre className="deliveries-body">{indented(answer)}</pre>}
    </li>
  );
}
