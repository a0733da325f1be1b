// Trusted documents: those that clients may send where the server answers no others.

import { type PageOf, readPage } from "./access.ts";
import { metadata } from "./client.ts";
import DOCUMENTS from "./documents.graphql";

export interface TrustedDocument {
  id: string;
  client: string;
  documentId: string;
  operationName: string | null;
  text: string;
  createdAt: string;
}

export interface BrokenDocuments {
  documents: readonly {
    client: string;
    documentId: string;
    operation: string | null;
    reasons: readonly string[];
  }[];
  unchecked: number;
}

export interface DocumentsInput {
  client: string;
  manifest: unknown;
  role: string | null;
  replace: boolean;
}

export function readDocuments(after: string | null, signal?: AbortSignal): Promise<PageOf<TrustedDocument>> {
  return readPage(DOCUMENTS, "ConsoleDocuments", "trustedDocuments", after, signal);
}

/** The documents that the model as it is refuses. */
export async function readBroken(signal?: AbortSignal): Promise<BrokenDocuments> {
  const answer = await metadata<{ brokenDocuments: BrokenDocuments }>(
    DOCUMENTS,
    {},
    { operation: "ConsoleBrokenDocuments", signal },
  );
  return answer.brokenDocuments;
}

export async function importDocuments(input: DocumentsInput): Promise<{ written: number; removed: number }> {
  const answer = await metadata<{ importDocuments: { written: number; removed: number } }>(
    DOCUMENTS,
    { input },
    { operation: "ConsoleImportDocuments" },
  );
  return answer.importDocuments;
}

/** Removes documents of a client, all of them where no ids are given. */
export async function removeDocuments(client: string, ids: readonly string[] | null): Promise<void> {
  await metadata(DOCUMENTS, { client, ids }, { operation: "ConsoleRemoveDocuments" });
}
