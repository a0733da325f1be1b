// The entry of the console.

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";

import "./styles/tokens.css";
import "./styles/reset.css";
import "./styles/forced.css";

import { base } from "./api/place.ts";
import { queries } from "./api/queries.ts";
import { keepComposing } from "./kit/composing.ts";
import { English } from "./kit/english.tsx";
import { routes } from "./routes.tsx";

const container = document.getElementById("app");
if (container === null) {
  throw new Error("The document has no element for the console.");
}
keepComposing(window);
createRoot(container).render(
  <StrictMode>
    <English>
      <QueryClientProvider client={queries}>
        <RouterProvider router={createBrowserRouter(routes, { basename: base })} />
      </QueryClientProvider>
    </English>
  </StrictMode>,
);
