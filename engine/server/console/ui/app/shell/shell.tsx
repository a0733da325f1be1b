// The frame around every page: the side bar, and the place of the page.

import { Outlet } from "react-router";

import { SideBar } from "./side_bar.tsx";
import "./shell.css";

export function Shell() {
  return (
    <div className="shell">
      <SideBar />
      <main className="shell-main" id="main">
        <Outlet />
      </main>
    </div>
  );
}
