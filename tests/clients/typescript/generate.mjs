// node generate.mjs DOCUMENT.json… : the types of each document, beside this file. Bytes are a Blob, and what has a default
// need not be sent.
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const blob = ts.factory.createTypeReferenceNode("Blob");

for (const path of process.argv.slice(2)) {
  const document = JSON.parse(await readFile(path, "utf8"));
  const types = await openapiTS(document, {
    cwd: pathToFileURL(path),
    defaultNonNullable: false,
    transform: (schema) => (schema.format === "binary" ? blob : undefined),
  });
  await writeFile(new URL(`${basename(path, ".json")}.ts`, import.meta.url), astToString(types));
}
