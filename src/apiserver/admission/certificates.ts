import { parseCertificateRequest } from "../../api/certificates/request.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { forbidden } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import type { AdmissionPlugin, AdmissionRequest, Registry } from "../registry/scope.ts";

const group = "certificates.k8s.io";
const requests = `certificatesigningrequests.${group}`;

/** Whether the user may do this with a signer's requests: by its name, or by `its.domain/*`. */
function maySign(registry: Registry, { scope: { user } }: AdmissionRequest, verb: string, signerName: string): boolean {
  const names = [signerName, `${signerName.split("/")[0]}/*`];
  return names.some((name) => {
    const resource = { group, version: "*", plural: "signers", name };
    return registry.authorizer({ user, verb, resource }).decision === "allow";
  });
}

/** Whoever approves or refuses a certificate must be allowed to for its signer (CertificateApproval). */
export function certificateApproval(registry: () => Registry): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    validate(request) {
      const { operation, scope, previous, subresource, name } = request;
      if (operation !== "UPDATE" || scope.resource.id !== requests || subresource !== "approval") return;
      const signer: string = previous?.spec?.signerName ?? "";
      if (maySign(registry(), request, "approve", signer)) return;
      const why = `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`;
      throw forbidden(scope.resource, name ?? "", why);
    },
  };
}

/** Whoever issues a certificate must be allowed to for its signer (CertificateSigning). */
export function certificateSigning(registry: () => Registry): AdmissionPlugin {
  const outcome = (object: KubeObject | undefined) => ({
    certificate: object?.status?.certificate,
    failed: (object?.status?.conditions ?? []).filter(({ type }: any) => type === "Failed"),
  });
  return {
    name: "CertificateSigning",
    validate(request) {
      const { operation, scope, draft, previous, subresource, name } = request;
      if (operation !== "UPDATE" || scope.resource.id !== requests || subresource !== "status") return;
      // Anything else may be written by whoever may write the status at all.
      if (sameJson(outcome(draft), outcome(previous))) return;
      const signer: string = previous?.spec?.signerName ?? "";
      if (maySign(registry(), request, "sign", signer)) return;
      const why = `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`;
      throw forbidden(scope.resource, name ?? "", why);
    },
  };
}

/** Whoever vouches for a signer's trust anchors must be allowed to (ClusterTrustBundleAttest). */
export function trustBundleAttest(registry: () => Registry): AdmissionPlugin {
  return {
    name: "ClusterTrustBundleAttest",
    validate(request) {
      const { operation, scope, draft, previous, subresource, name } = request;
      if (scope.resource.id !== `clustertrustbundles.${group}` || subresource || !draft) return;
      const signer: string = draft.spec?.signerName ?? "";
      if (signer === "" || (operation === "UPDATE" && sameJson(draft.spec, previous?.spec))) return;
      if (maySign(registry(), request, "attest", signer)) return;
      throw forbidden(
        scope.resource,
        name ?? "",
        `user not permitted to attest for signerName ${JSON.stringify(signer)}`,
      );
    },
  };
}

const clientSigner = "kubernetes.io/kube-apiserver-client";

/** Nobody becomes an administrator by a certificate (CertificateSubjectRestriction). */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  validate({ operation, scope, draft, subresource, name }) {
    if (operation !== "CREATE" || scope.resource.id !== requests || subresource) return;
    if (draft?.spec?.signerName !== clientSigner) return;
    let organizations: string[];
    try {
      ({ organizations } = parseCertificateRequest(atob(draft.spec.request ?? "")));
    } catch (error) {
      throw forbidden(scope.resource, name ?? "", `unable to parse csr: ${(error as Error).message}`);
    }
    if (!organizations.includes("system:masters")) return;
    throw forbidden(
      scope.resource,
      name ?? "",
      `use of ${clientSigner} signer with system:masters group is not allowed`,
    );
  },
};
