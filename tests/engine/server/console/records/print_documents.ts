// Prints the documents for the objects on standard input as a JSON list.

import { readFileSync } from "node:fs";
import { decodeObject, type ObjectNode } from "../../../../../engine/server/console/ui/app/api/object.ts";
import { buildDocuments, buildRelatedDocument, buildWriteDocument } from "../../../../../engine/server/console/ui/app/api/record_documents.ts";
import { isToMany } from "../../../../../engine/server/console/ui/app/api/model.ts";

const nodes = JSON.parse(readFileSync(0, "utf-8")) as ObjectNode[];
const all = nodes.map(decodeObject).flatMap((object) => {
  const documents = buildDocuments(object, object.fields);
  return [
    ...Object.values(documents),
    ...object.fields.filter(isToMany).map((field) => buildRelatedDocument(object, field)),
    buildWriteDocument(object, object.fields, 2, true),
  ];
});
process.stdout.write(JSON.stringify(all));
