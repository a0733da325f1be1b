// The addresses of the console. Each page is loaded when it is first visited.

import type { ComponentType } from "react";
import { Outlet, type RouteObject } from "react-router";

import { Gate } from "./shell/gate.tsx";
import { Loading } from "./shell/loading.tsx";
import { Nowhere } from "./shell/nowhere.tsx";
import { withSetting } from "./shell/right.tsx";
import { RouteProblem } from "./shell/route_problem.tsx";

interface PageModule {
  Component: ComponentType;
}

export const routes: RouteObject[] = [
  {
    path: "/",
    Component: Gate,
    ErrorBoundary: RouteProblem,
    HydrateFallback: Loading,
    children: [
      { index: true, ...page(() => import("./pages/start/index.tsx")) },
      { path: "records", ...page(() => import("./pages/objects/index.tsx")) },
      { path: "records/:plural", ...page(() => import("./pages/records/index.tsx")) },
      { path: "records/:plural/board", ...page(() => import("./pages/board/index.tsx")) },
      { path: "records/:plural/trash", ...page(() => import("./pages/trash/index.tsx")) },
      { path: "records/:plural/import/:job?", ...page(() => import("./pages/imports/index.tsx")) },
      { path: "records/:plural/:id", ...page(() => import("./pages/record/index.tsx")) },
      { path: "model", ...page(() => import("./pages/model/index.tsx"), "DATA_MODEL") },
      { path: "model/graph", ...page(() => import("./pages/model_graph/index.tsx"), "DATA_MODEL") },
      { path: "model/history", ...page(() => import("./pages/model_history/index.tsx"), "HISTORY") },
      { path: "model/:object/:field?", ...page(() => import("./pages/model_object/index.tsx"), "DATA_MODEL") },
      { path: "webhooks", ...page(() => import("./pages/webhooks/index.tsx"), "WEBHOOKS") },
      { path: "webhooks/:id", ...page(() => import("./pages/webhook/index.tsx"), "WEBHOOKS") },
      { path: "events", ...page(() => import("./pages/events/index.tsx")) },
      { path: "operations", ...page(() => import("./pages/operations/index.tsx"), "METRICS") },
      { path: "api", ...page(() => import("./pages/snippets/index.tsx")) },
      { path: "access/:tab?", ...page(() => import("./pages/access/index.tsx")) },
      { path: "*", Component: Nowhere },
    ],
  },
];

/** A page that is loaded when it is visited, whose failure shows in its place while the shell stays. */
function page(
  load: () => Promise<PageModule>,
  setting?: string,
): Pick<RouteObject, "lazy" | "ErrorBoundary" | "HydrateFallback"> {
  return {
    lazy: async () => {
      const { Component } = await load();
      return { Component: setting === undefined ? Component : withSetting(setting, Component) };
    },
    ErrorBoundary: RouteProblem,
    HydrateFallback: Outlet,
  };
}
