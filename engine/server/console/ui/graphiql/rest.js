// The page of REST: Swagger UI over the OpenAPI documents, which a key or a session of the console is needed for.

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./rest.css";

import { hasSession, initialKey, rememberKey } from "./session.js";

// The name of the security scheme in the documents.
const SCHEME = "key";

const { root } = document.body.dataset;
const form = document.querySelector("form");
const status = document.querySelector("output");
const { key, document: chosen } = form.elements;

/** Shows the document that is chosen, as the role of the key, or of the session, sees it. */
async function show() {
  status.value = "";
  const token = rememberKey(root, key.value);
  let answer;
  try {
    answer = await fetch(chosen.value, {
      headers: { Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    });
    const read = await answer.json();
    if (!answer.ok) {
      status.value = read.message ?? read.messages.join(" ");
      return;
    }
    const ui = SwaggerUI({
      spec: read,
      dom_id: "#swagger",
      deepLinking: false,
      docExpansion: "none",
      defaultModelsExpandDepth: 0,
      // Both ask other hosts.
      validatorUrl: null,
      queryConfigEnabled: false,
      persistAuthorization: false,
      tryItOutEnabled: true,
      onComplete: () => token && ui.preauthorizeApiKey(SCHEME, token),
    });
  } catch (error) {
    status.value = `The document cannot be shown: ${error.message}`;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
key.value = initialKey(root);
const isSignedIn = await hasSession(root);
if (isSignedIn) {
  key.placeholder = "none: you are signed in";
}
chosen.addEventListener("change", () => (key.value || isSignedIn) && show());
if (key.value || isSignedIn) {
  show();
} else {
  key.focus();
}
