// The frame around every page: the side bar, and the place of the page.

import { Menu as MenuIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Outlet, useLocation } from "react-router";

import { useFollowedModel } from "../api/model_live.ts";
import { usePreferences } from "../api/preferences/use_preferences.ts";
import { useViewedRole, viewAs } from "../api/view_as.ts";
import { Button } from "../kit/button.tsx";
import { colorOf } from "../kit/chip.tsx";
import { Leaving } from "../kit/leaving.tsx";
import { endPage } from "../kit/unsaved.ts";
import { KeyHelp } from "./key_help.tsx";
import { Palette } from "./palette.tsx";
import { type Shown, SideBar } from "./side_bar.tsx";
import { StripDialog } from "./strip_dialog.tsx";
import { useShortcuts } from "./use_shortcuts.ts";
import { Waiting } from "./waiting.tsx";
import "./shell.css";

export function Shell({ environment }: { environment: string }) {
  const location = useLocation();
  const [shown, setShown] = useState<Shown | null>(null);
  const preferences = usePreferences();
  const { strip } = preferences;
  const [isOpen, setOpen] = useState(false);
  const viewed = useViewedRole();
  useFollowedModel();
  useShortcuts(setShown);
  // On a narrow screen the side bar lies over the page, until a page was chosen in it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is what closes it
  useEffect(() => setOpen(false), [location.pathname]);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    // The focus goes into the side bar that was opened, and back to its button.
    const find = (selector: string) => frame.current?.querySelector<HTMLElement>(selector);
    find("nav a")?.focus();
    function leave(event: KeyboardEvent) {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      setOpen(false);
      find(".shell-narrow button")?.focus();
    }
    window.addEventListener("keydown", leave);
    return () => window.removeEventListener("keydown", leave);
  }, [isOpen]);

  return (
    <div className="shell" ref={frame}>
      {strip ? (
        <header className="shell-strip" data-color={colorOf(strip.color)}>
          {strip.label}
        </header>
      ) : (
        environment === "production" && <header className="shell-strip">Production</header>
      )}
      <div className="shell-narrow" data-region>
        <Button
          kind="quiet"
          icon={<MenuIcon aria-hidden />}
          aria-expanded={isOpen}
          onPress={() => setOpen((was) => !was)}
        >
          Menu
        </Button>
      </div>
      <SideBar isOpen={isOpen} open={setShown} preferences={preferences} />
      <main className="shell-main">
        <Waiting />
        {viewed !== null && (
          <p className="shell-viewed">
            You see all of this as the role {viewed}, without live updates.{" "}
            <Button onPress={() => endPage(() => viewAs(null))}>Stop</Button>
          </p>
        )}
        <Outlet />
      </main>
      <Leaving />
      {shown === "palette" && <Palette onClose={() => setShown(null)} />}
      {shown === "strip" && (
        <StripDialog
          strip={strip}
          keepStrip={preferences.keepStrip}
          onClose={() => {
            preferences.keepStrip.reset();
            setShown(null);
          }}
        />
      )}
      {shown === "keys" && <KeyHelp onClose={() => setShown(null)} />}
    </div>
  );
}
