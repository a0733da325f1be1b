// A page for roles with a setting: others are told which right they lack, in the place of requests that are refused.

import type { ComponentType } from "react";

import { useSession } from "../api/session_context.ts";
import { SETTINGS } from "../api/setting_words.ts";
import { Empty } from "../kit/empty.tsx";
import { Page } from "../kit/page.tsx";

/** Return a page that is shown to roles with the setting alone. */
export function withSetting(name: string, Shown: ComponentType): ComponentType {
  const label = SETTINGS.find((setting) => setting.name === name)?.label ?? name;
  return () => {
    const { role, settings } = useSession();
    return settings.includes(name) ? (
      <Shown />
    ) : (
      <Page title={label}>
        <Empty title="Your role does not open this page">
          <p>
            The role {role} lacks the right “{label}”. A role such as admin has it, and can give it to yours.
          </p>
        </Empty>
      </Page>
    );
  };
}
