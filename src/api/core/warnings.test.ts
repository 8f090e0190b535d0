// What the core group's kinds warn of, a row each; pods have tables of their own.

import { checksOf } from "../../../test/declarations.ts";
import { nodes } from "./node.ts";
import { persistentVolumes } from "./persistentvolume.ts";
import { secrets } from "./secret.ts";
import { serviceAccounts } from "./serviceaccount.ts";

const annotated = (name: string) => ({ metadata: { annotations: { [name]: "true" } } });
checksOf(persistentVolumes).checkWarnings(
  "mount options have a field",
  annotated("volume.beta.kubernetes.io/mount-options"),
  'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
);
checksOf(serviceAccounts).checkWarnings(
  "secrets are kept apart by namespaces",
  annotated("kubernetes.io/enforce-mountable-secrets"),
  "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets",
);
checksOf(nodes).checkWarnings(
  "a field that nobody reads",
  { spec: { externalID: "x" } },
  "spec.externalID: this field is deprecated, and is unused by Kubernetes",
);

const pem = (type: string) => `-----BEGIN ${type}-----\nYQ==\n-----END ${type}-----\n`;
const tls = (certificate: string, key: string) => ({
  type: "kubernetes.io/tls",
  data: { "tls.crt": btoa(certificate), "tls.key": btoa(key) },
});
const secret = checksOf(secrets);
secret.checkWarnings("a pair", tls(pem("CERTIFICATE"), pem("EC PARAMETERS") + pem("EC PRIVATE KEY")));
secret.checkWarnings("no pair", { data: { "tls.crt": "YQ==" } });
secret.checkWarnings("no certificate", tls("a", "b"), "tls: failed to find any PEM data in certificate input");
secret.checkWarnings("no key", tls(pem("CERTIFICATE"), "b"), "tls: failed to find any PEM data in key input");
secret.checkWarnings(
  "the wrong way round",
  tls(pem("PRIVATE KEY"), pem("CERTIFICATE")),
  "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
);
secret.checkWarnings(
  "two certificates",
  tls(pem("CERTIFICATE"), pem("CERTIFICATE")),
  "tls: found a certificate rather than a key in the PEM for the private key",
);
