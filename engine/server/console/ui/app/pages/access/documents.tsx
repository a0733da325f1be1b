// The trusted documents of clients, and those among them that the model refuses.

import { useQuery } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useState } from "react";
import { readBroken, readDocuments, removeDocuments, type TrustedDocument } from "../../api/documents.ts";
import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import { Empty } from "../../kit/empty.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import type { Column } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { ImportDocuments } from "./import_documents.tsx";
import { Paged } from "./paged.tsx";

export function Documents() {
  const readAgain = useReadAgain("access");
  const [isImporting, setImporting] = useState(false);
  const [removed, setRemoved] = useState<TrustedDocument | null>(null);
  const [isAll, setAll] = useState(false);
  const columns: Column<TrustedDocument>[] = [
    { id: "client", title: "Client", cell: ({ client }) => client },
    { id: "id", title: "Id", cell: ({ documentId }) => <code className="document-id">{documentId}</code> },
    {
      id: "operation",
      title: "Operation",
      cell: ({ operationName, text }) => (
        <details className="document-text">
          <summary>{operationName ?? `without a name, ${printCount(text.length)} characters`}</summary>
          <pre>{text}</pre>
        </details>
      ),
    },
    { id: "created", title: "Imported", cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      id: "remove",
      title: "Remove",
      cell: (document) => (
        <Button
          kind="quiet"
          aria-label={`Remove ${document.documentId} of ${document.client}`}
          onPress={() => {
            setAll(false);
            setRemoved(document);
          }}
        >
          Remove…
        </Button>
      ),
    },
  ];
  return (
    <>
      <div className="access-head">
        <p>
          With FIELDSTONE_DOCUMENTS=trusted the server answers these documents alone. The build of a client writes them
          as a manifest.
        </p>
        <Button kind="primary" icon={<Upload aria-hidden />} onPress={() => setImporting(true)}>
          Import
        </Button>
      </div>
      <Broken />
      <Paged
        label="Trusted documents"
        name="documents"
        columns={columns}
        read={readDocuments}
        empty={
          <Empty title="No trusted documents yet" command="fieldstone documents import manifest.json --client web">
            <p>A client's build knows all of its operations. With these imported, the server can refuse any other.</p>
          </Empty>
        }
      />
      {isImporting && <ImportDocuments onClose={() => setImporting(false)} />}
      {removed && (
        <Confirm
          title={`Remove ${removed.operationName ?? removed.documentId} of ${removed.client}?`}
          verb="Remove"
          act={() => removeDocuments(removed.client, isAll ? null : [removed.documentId]).then(() => void readAgain())}
          onClose={() => setRemoved(null)}
        >
          <p>
            A server that answers trusted documents alone refuses it within a second, for all versions of the client.
          </p>
          <Check label={`All documents of ${removed.client}`} isSelected={isAll} onChange={setAll} />
        </Confirm>
      )}
    </>
  );
}

function Broken() {
  const scope = useScope();
  const broken = useQuery({
    queryKey: keyOf(scope, "access", null, "broken-documents"),
    queryFn: ({ signal }) => readBroken(signal),
  });
  if (broken.error) return <Problem title="The documents cannot be checked." text={broken.error.message} />;
  if (!broken.data) return null;
  const { documents, unchecked } = broken.data;
  return (
    <>
      {documents.length > 0 && (
        <Problem
          kind="warn"
          title={`The model refuses ${documents.length} of these documents.`}
          text={documents
            .map(
              ({ client, documentId, operation, reasons }) =>
                `${client}, ${operation ?? documentId}: ${reasons.join(" ")}`,
            )
            .join("\n")}
        />
      )}
      {unchecked > 0 && (
        <Problem kind="warn" title={`${printCount(unchecked)} documents were too many to be looked at.`} />
      )}
    </>
  );
}
