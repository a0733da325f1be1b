// One webhook: its state, the actions on it, and its deliveries.

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { describeFailure } from "../../api/errors.ts";
import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import {
  deleteWebhook,
  findWebhook,
  testWebhook,
  updateWebhook,
  type Webhook,
  type WebhookInput,
} from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { WebhookForm } from "../webhooks/form.tsx";
import { WebhookState } from "../webhooks/state.tsx";
import { Deliveries } from "./deliveries.tsx";
import { TestResult } from "./test_result.tsx";

export function Component() {
  const { id = "" } = useParams();
  const scope = useScope();
  const webhook = useQuery({
    queryKey: keyOf(scope, "webhooks", null, id),
    queryFn: ({ signal }) => findWebhook(id, signal),
  });
  if (webhook.error) {
    return (
      <Page title="Webhook">
        <Problem title="The webhook cannot be shown." text={webhook.error.message} />
      </Page>
    );
  }
  if (webhook.data === null) {
    return (
      <Page title="Webhook">
        <p>
          There is no such webhook. <Link to="/webhooks">All webhooks</Link>
        </p>
      </Page>
    );
  }
  return webhook.data === undefined ? (
    <Page title="Webhook">
      <p role="status">Loading…</p>
    </Page>
  ) : (
    <Shown webhook={webhook.data} />
  );
}

function Shown({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const refresh = useReadAgain("webhooks");
  const change = useMutation({
    mutationFn: (input: Partial<WebhookInput> & { isActive?: boolean }) => updateWebhook(webhook.id, input),
    onSuccess: () => {
      setDialog(null);
      void refresh();
    },
  });
  const trial = useMutation({ mutationFn: () => testWebhook(webhook.id) });

  async function remove() {
    await deleteWebhook(webhook.id);
    await navigate("/webhooks");
    void refresh();
  }

  return (
    <Page
      title={webhook.targetUrl}
      bar={
        <div className="page-actions">
          <WebhookState webhook={webhook} />
          <Button isDisabled={trial.isPending} onPress={() => trial.mutate()}>
            {trial.isPending ? "Sending…" : "Send a test"}
          </Button>
          <Button isDisabled={change.isPending} onPress={() => change.mutate({ isActive: !webhook.isActive })}>
            {webhook.isActive ? "Pause" : "Resume"}
          </Button>
          <Button
            onPress={() => {
              // An error of the pause is none of the form.
              change.reset();
              setDialog("edit");
            }}
          >
            Edit
          </Button>
          <Button kind="danger" onPress={() => setDialog("delete")}>
            Delete
          </Button>
        </div>
      }
    >
      <div className="webhook">
        {change.error && dialog === null && (
          <Problem {...describeFailure(change.error, "The webhook was not changed.")} />
        )}
        {trial.error && <Problem title="The test was not sent." text={trial.error.message} />}
        {webhook.disabledReason !== null && !webhook.isActive && (
          <Problem kind="warn" title="The webhook was disabled." text={webhook.disabledReason}>
            <p>Waiting deliveries are kept, and sent once it is resumed. New events create none meanwhile.</p>
          </Problem>
        )}
        {trial.data && <TestResult outcome={trial.data} />}
        <dl className="webhook-facts">
          <dt>Operations</dt>
          <dd>
            <code>{webhook.operations.join(", ")}</code>
          </dd>
          <dt>Purpose</dt>
          <dd>{webhook.description ?? "—"}</dd>
          <dt>Role</dt>
          <dd>{webhook.role ?? "—"}</dd>
        </dl>
        <Deliveries webhookId={webhook.id} />
      </div>
      {dialog === "edit" && (
        <WebhookForm
          title="Edit webhook"
          submit="Save"
          value={webhook}
          write={change}
          onSubmit={(_all, changed) => (Object.keys(changed).length > 0 ? change.mutate(changed) : setDialog(null))}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "delete" && (
        <Confirm title="Delete this webhook?" verb="Delete" act={remove} onClose={() => setDialog(null)}>
          <p>Its deliveries go with it, those that wait too. To stop it for a while, pause it.</p>
        </Confirm>
      )}
    </Page>
  );
}
