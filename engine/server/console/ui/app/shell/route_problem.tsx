// A page that broke says so in its place; the shell around it stays.

import { useRouteError } from "react-router";

import { ApiError } from "../api/errors.ts";
import { Button } from "../kit/button.tsx";
import { Page } from "../kit/page.tsx";
import { Problem } from "../kit/problem.tsx";

export function RouteProblem() {
  const error = useRouteError();
  const text = error instanceof Error ? error.message : String(error);
  return (
    <Page title="This page broke">
      <Problem
        title={error instanceof ApiError ? "The server refused a request." : "A fault of the console."}
        text={text}
      >
        <p>
          <Button onPress={() => window.location.reload()}>Load the page again</Button>
        </p>
      </Problem>
    </Page>
  );
}
