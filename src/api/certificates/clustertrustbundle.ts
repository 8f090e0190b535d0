import { type FieldError, FieldPath, invalid, tooLong } from "../machinery/field.ts";
import { dns1123Subdomain } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { text } from "../parts/columns.ts";
import { dataBytesMax } from "../parts/data.ts";
import { blockAt } from "./pem.ts";
import { rootError } from "./root.ts";
import { signerErrors } from "./signer.ts";

type ClusterTrustBundle = KubeObject & { spec?: { signerName?: string; trustBundle?: string } };

const namePath = new FieldPath("metadata").child("name");
const signerPath = new FieldPath("spec").child("signerName");
const bundlePath = new FieldPath("spec").child("trustBundle");

/** Bundles of a signer have its name before their own; others have no such part. */
function nameErrors(name: string, signer: string): FieldError[] {
  if (signer === "") {
    const why = 'ClusterTrustBundle without signer name must not have ":" in its name';
    if (name.includes(":")) return [invalid(namePath, name, why)];
    return dns1123Subdomain(name).map((each) => invalid(namePath, name, each));
  }
  const prefix = `${signer.replaceAll("/", ":")}:`;
  if (!name.startsWith(prefix)) {
    const why = `ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`;
    return [invalid(namePath, name, why)];
  }
  return dns1123Subdomain(name.slice(prefix.length)).map((each) => invalid(namePath, name, each));
}

/** What is wrong with the roots. Who reads them may sort them and leave out what stands between. */
function bundleErrors(bundle: string): FieldError[] {
  if (bundle.length > dataBytesMax) return [tooLong(bundlePath, dataBytesMax)];
  const wrong = (why: string) => invalid(bundlePath, "<value omitted>", why);
  const errors: FieldError[] = [];
  const places = new Map<string, number[]>();
  let count = 0;
  for (let block = blockAt(bundle, 0); block; block = blockAt(bundle, block.next)) {
    const index = count++;
    const why = rootError(block);
    if (why) errors.push(wrong(`entry ${index} ${why}`));
    const body = block.body.replace(/\s/g, "");
    places.set(body, [...(places.get(body) ?? []), index]);
  }
  if (errors.length > 0) return errors;
  if (count === 0) return [wrong("at least one trust anchor must be provided")];
  for (const indices of places.values()) {
    if (indices.length > 1) errors.push(wrong(`duplicate trust anchor (indices [${indices.join(" ")}])`));
  }
  return errors;
}

function validate({ metadata, spec }: ClusterTrustBundle): FieldError[] {
  const signer = spec?.signerName ?? "";
  const errors = nameErrors(metadata.name ?? "", signer);
  if (signer !== "") errors.push(...signerErrors(signer, signerPath));
  return errors;
}

/** Roots, and which signer vouches for them. Off unless asked for, as in Kubernetes: `--runtime-config`. */
export const clusterTrustBundles = defineResource<ClusterTrustBundle>({
  group: "certificates.k8s.io",
  version: "v1beta1",
  kind: "ClusterTrustBundle",
  plural: "clustertrustbundles",
  scope: "Cluster",
  schema: "io.k8s.api.certificates.v1beta1.ClusterTrustBundle",
  nameRule: "none",
  validate,
  validateCreate: ({ spec }) => bundleErrors(spec?.trustBundle ?? ""),
  validateUpdate(next, previous) {
    const [now, before] = [next.spec ?? {}, previous.spec ?? {}];
    const errors = now.trustBundle === before.trustBundle ? [] : bundleErrors(now.trustBundle ?? "");
    if ((now.signerName ?? "") !== (before.signerName ?? "")) {
      errors.push(invalid(signerPath, now.signerName ?? "", "field is immutable"));
    }
    return errors;
  },
  columns: [text("SignerName", ({ spec }) => spec?.signerName || "<none>")],
  selectableFields: { "spec.signerName": ({ spec }) => spec?.signerName ?? "" },
});
