// The frame around every page: the side bar, and the place of the page.

import { Menu as MenuIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Outlet, useLocation } from "react-router";

import { useFollowedModel } from "../api/model_live.ts";
import { useViewedRole, viewAs } from "../api/view_as.ts";
import { Button } from "../kit/button.tsx";
import { KeyHelp } from "./key_help.tsx";
import { Palette } from "./palette.tsx";
import { SideBar } from "./side_bar.tsx";
import { useShortcuts } from "./use_shortcuts.ts";
import { Waiting } from "./waiting.tsx";
import "./shell.css";

export function Shell({ environment }: { environment: string }) {
  const location = useLocation();
  const [shown, setShown] = useState<"palette" | "keys" | null>(null);
  const [isOpen, setOpen] = useState(false);
  const viewed = useViewedRole();
  useFollowedModel();
  useShortcuts(setShown);
  // On a narrow screen the side bar lies over the page, until a page was chosen in it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is what closes it
  useEffect(() => setOpen(false), [location.pathname]);

  return (
    <div className="shell">
      {environment === "production" && <p className="shell-strip">Production</p>}
      <div className="shell-narrow">
        <Button
          kind="quiet"
          icon={<MenuIcon aria-hidden />}
          aria-expanded={isOpen}
          onPress={() => setOpen((was) => !was)}
        >
          Menu
        </Button>
      </div>
      <SideBar isOpen={isOpen} open={setShown} />
      <main className="shell-main">
        <Waiting />
        {viewed !== null && (
          <p className="shell-viewed">
            You see all of this as the role {viewed}, without live updates.{" "}
            <Button onPress={() => viewAs(null)}>Stop</Button>
          </p>
        )}
        <Outlet />
      </main>
      {shown === "palette" && <Palette onClose={() => setShown(null)} />}
      {shown === "keys" && <KeyHelp onClose={() => setShown(null)} />}
    </div>
  );
}
