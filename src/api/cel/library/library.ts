import type { Library } from "../overload.ts";
import { addAuthorizer } from "./authorizer.ts";
import { addConversions } from "./conversions.ts";
import { addCore } from "./core.ts";
import { addFormats } from "./formats.ts";
import { addJsonPatch } from "./jsonpatch.ts";
import { addLists } from "./lists.ts";
import { addNetwork } from "./network.ts";
import { addOptionals } from "./optionals.ts";
import { addQuantities } from "./quantities.ts";
import { addRegex } from "./regex.ts";
import { addSemver } from "./semver.ts";
import { addSets } from "./sets.ts";
import { addStrings } from "./strings.ts";
import { addTimes } from "./times.ts";
import { addUrls } from "./urls.ts";

let library: Library | undefined;

/** All functions that expressions may call, as Kubernetes v1.36 has them. Made when it is first asked for. */
export function standardLibrary(): Library {
  if (library) return library;
  library = new Map();
  const parts = [
    addCore,
    addConversions,
    addTimes,
    addOptionals,
    addStrings,
    addLists,
    addSets,
    addRegex,
    addUrls,
    addQuantities,
    addNetwork,
    addSemver,
    addFormats,
    addAuthorizer,
    addJsonPatch,
  ];
  for (const add of parts) add(library);
  return library;
}
