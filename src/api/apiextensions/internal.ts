// How error messages show and place a definition: the server's inner form has what all versions share at the top.

import { sameJson } from "../../base/equal.ts";
import type { DefinitionSpec, DefinitionVersion, PrinterColumn } from "./types.ts";

/** What a definition says for all of its versions alike. */
export interface Shared {
  schema?: DefinitionVersion["schema"];
  subresources?: DefinitionVersion["subresources"];
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: DefinitionVersion["selectableFields"];
}

const fields = ["schema", "subresources", "additionalPrinterColumns", "selectableFields"] as const;

/** Splits a definition's versions into what they share and what each has for itself. */
export function splitVersions({ versions = [] }: Pick<DefinitionSpec, "versions">): {
  shared: Shared;
  own: DefinitionVersion[];
} {
  const shared: Shared = {};
  const own = versions.map((version) => ({ ...version }));
  const [first, ...rest] = versions;
  for (const field of fields) {
    const value = first?.[field];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    if (!rest.every((version) => sameJson(version[field], value))) continue;
    Object.assign(shared, { [field]: value });
    for (const version of own) delete version[field];
  }
  return { shared, own };
}

/** The versions as a message shows them. */
export function shownVersions(versions: readonly DefinitionVersion[]): object[] {
  return versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: version.schema ? { OpenAPIV3Schema: version.schema.openAPIV3Schema ?? null } : null,
    Subresources: version.subresources ?? null,
    AdditionalPrinterColumns: version.additionalPrinterColumns?.length ? version.additionalPrinterColumns : null,
    SelectableFields: version.selectableFields?.length ? version.selectableFields : null,
  }));
}
