// Writes `src/api/generated/` from the npm packages that hold Kubernetes' schemas: `node tools/generate.ts [--force]`.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBetaDeclarations } from "./generate/beta.ts";
import { fileComment, readDeclarations } from "./generate/declarations.ts";
import { readModels } from "./generate/models.ts";
import { readOperations } from "./generate/operations.ts";
import { makeSchemas } from "./generate/schemas.ts";

const tools = dirname(fileURLToPath(import.meta.url));
const project = dirname(tools);
const packages = join(project, "node_modules");
const target = join(project, "src/api/generated");
const client = join(packages, "@kubernetes/client-node");

/** A text that changes whenever the output could. */
function freshStamp(): string {
  const hash = createHash("sha256");
  for (const name of [
    "kubernetes-models",
    "kubernetes-types",
    "@kubernetes-models/apimachinery",
    "@kubernetes/client-node",
  ]) {
    const { version } = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
    hash.update(`${name}@${version}\n`);
  }
  hash.update(readFileSync(join(tools, "generate.ts")));
  for (const file of readdirSync(join(tools, "generate")).sort())
    hash.update(readFileSync(join(tools, "generate", file)));
  return hash.digest("hex");
}

/** Writes through a temporary name, so that a reader never sees half a file. */
function write(name: string, text: string): void {
  writeFileSync(join(target, `${name}.tmp`), text);
  renameSync(join(target, `${name}.tmp`), join(target, name));
}

/**
 * Generates unless the output is fresh. Gives whether it wrote.
 *
 * `definitions.json`: schemas without descriptions; `docs.json`: their descriptions; `operations.json`: parameters
 * and phrases of every verb.
 */
export function generate(force: boolean): boolean {
  const stamp = freshStamp();
  const stampFile = join(target, "stamp");
  if (!force && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return false;
  const declarations = readDeclarations([
    join(packages, "kubernetes-models"),
    join(packages, "@kubernetes-models/apimachinery"),
  ]);
  const models = join(client, "dist/gen/models");
  const { definitions, docs } = makeSchemas(declarations, readBetaDeclarations(models), readModels(models));
  // The one text that kubernetes-models leaves out.
  const quantity = readFileSync(join(packages, "kubernetes-types/api/resource.d.ts"), "utf8");
  docs["io.k8s.apimachinery.pkg.api.resource.Quantity"] = { description: fileComment(quantity) };
  mkdirSync(target, { recursive: true });
  write("definitions.json", JSON.stringify(definitions));
  write("docs.json", JSON.stringify(docs));
  write("operations.json", JSON.stringify(readOperations(join(client, "dist/gen/apis"))));
  write("stamp", stamp);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wrote = generate(process.argv.includes("--force"));
  console.log(wrote ? "src/api/generated: written" : "src/api/generated: fresh");
}
