// The webhooks of the workspace.

import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { createWebhook, type ListedWebhook, listWebhooks } from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import { Empty } from "../../kit/empty.tsx";
import { printCount, printShare } from "../../kit/numbers.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Secret } from "../../kit/secret.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { WebhookForm } from "./form.tsx";
import { WebhookState } from "./state.tsx";
import "./webhooks.css";

const COLUMNS: readonly Column<ListedWebhook>[] = [
  {
    id: "targetUrl",
    title: "Address",
    cell: ({ id, targetUrl, description }) => (
      <span className="webhook-words">
        <Link to={`/webhooks/${id}`}>{targetUrl}</Link>
        {description && <small>{description}</small>}
      </span>
    ),
  },
  { id: "operations", title: "Operations", cell: ({ operations }) => operations.join(", ") },
  { id: "role", title: "Role", cell: ({ role }) => role ?? "—" },
  { id: "state", title: "State", cell: (webhook) => <WebhookState webhook={webhook} /> },
  { id: "waiting", title: "Waiting", isNumber: true, cell: ({ waiting }) => printCount(waiting.totalCount) },
  { id: "failed", title: "Failed", isNumber: true, cell: ({ failed }) => printCount(failed.totalCount) },
  {
    id: "rate",
    title: "Taken, 24 h",
    isNumber: true,
    cell: ({ taken, ended }) => printShare(taken.totalCount, ended.totalCount),
  },
];

const NEW = { targetUrl: "", operations: [], description: null };

export function Component() {
  const scope = useScope();
  const readAgain = useReadAgain("webhooks");
  const [isMaking, setMaking] = useState(false);
  const webhooks = useQuery({
    queryKey: keyOf(scope, "webhooks", null, "list"),
    queryFn: ({ signal }) => listWebhooks(signal),
  });
  const creation = useMutation({
    mutationFn: createWebhook,
    onSuccess: () => {
      setMaking(false);
      void readAgain();
    },
  });

  function begin() {
    creation.reset();
    setMaking(true);
  }

  const button = (
    <Button kind="primary" icon={<Plus aria-hidden />} onPress={begin}>
      Webhook
    </Button>
  );
  return (
    <Page title="Webhooks" bar={<div className="page-actions">{button}</div>}>
      {webhooks.error && <Problem title="The webhooks cannot be shown." text={webhooks.error.message} />}
      {webhooks.data?.length === 0 && (
        <Empty
          title="No webhooks yet"
          command={`curl -s "$URL/metadata" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"query": "mutation { createWebhook(input: { targetUrl: \\"https://example.com/hooks\\", operations: [\\"person.*\\"] }) { id secret } }"}'`}
        >
          <p>
            A webhook sends the events of the workspace to an address: each create, update and deletion of a record.
          </p>
        </Empty>
      )}
      {webhooks.data !== undefined && webhooks.data.length > 0 && (
        <Table label="Webhooks" columns={COLUMNS} rows={webhooks.data} idOf={({ id }) => id} />
      )}
      {isMaking && (
        <WebhookForm
          title="New webhook"
          submit="Create"
          value={NEW}
          write={creation}
          onSubmit={(input) => creation.mutate(input)}
          onClose={() => setMaking(false)}
        />
      )}
      {creation.data && !isMaking && (
        <Secret title="The secret of the webhook" secret={creation.data.secret} onClose={() => creation.reset()}>
          <p>The receiver checks the header X-Fieldstone-Signature with this secret. It is shown only now.</p>
        </Secret>
      )}
    </Page>
  );
}
