// The state of a webhook in a word.

import type { Webhook } from "../../api/webhooks/webhooks.ts";
import { Chip } from "../../kit/chip.tsx";

export function WebhookState({ webhook }: { webhook: Webhook }) {
  if (webhook.disabledAt !== null && !webhook.isActive) {
    return <Chip color="red">Disabled</Chip>;
  }
  if (!webhook.isActive) {
    return <Chip>Paused</Chip>;
  }
  return webhook.failingSince === null ? <Chip color="green">Active</Chip> : <Chip color="orange">Failing</Chip>;
}
