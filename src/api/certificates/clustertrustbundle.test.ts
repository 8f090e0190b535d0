import { checksOf } from "../../../test/declarations.ts";
import { clusterTrustBundles } from "./clustertrustbundle.ts";

/** Self-signed, made with openssl: two authorities, and one that is none. */
const root1 =
  "MIIBdzCCAR2gAwIBAgIUUEK7P38J9DQnFwYDxjaZOn1ObVYwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFcm9vdDEwIBcNMjYxMTIxMDc1MTM4WhgPMjEyNjEwMjgwNzUxMzhaMBAxDjAMBgNVBAMMBXJvb3QxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEParyxwWiXH+Hsjo9ej7KJj4fWkn00Olf0B5dRwgD4YpjJC46ZYA17eNqD/Qes2LfvQ4Ws93+WQWXQk+Y0pTZ1aNTMFEwHQYDVR0OBBYEFNS2IwL9IeI8nLejFiymdNyaRNd4MB8GA1UdIwQYMBaAFNS2IwL9IeI8nLejFiymdNyaRNd4MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAO3Xj4k8shebWoqaQw2/NicFyP8nXdT6H90J5qNQtZn8AiA1FJnGgcC45NUYN6qHYf5gM5qN1e0TVS0IVGYvSVYEDg==";
const root2 =
  "MIIBeDCCAR2gAwIBAgIUWxLN8MBJFnHi7+YM2LLzVzb8lSEwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFcm9vdDIwIBcNMjYxMTIxMDc1MTM4WhgPMjEyNjEwMjgwNzUxMzhaMBAxDjAMBgNVBAMMBXJvb3QyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmXBpFd30vhYP68uvaGcwhaOuMN/BneOmp8XUqFh3b13XRcnW5U2TjqoMRSO2lhn+FxYmf00OfkhER+U7QeHf1qNTMFEwHQYDVR0OBBYEFAmV/Sl+4JVKFoWA7RassFYEaOrLMB8GA1UdIwQYMBaAFAmV/Sl+4JVKFoWA7RassFYEaOrLMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAIghdyPC/8yTz5C2IAgQafLZTklkPfL+f2/80uwIPquEAiEAwz6M8eEAcs5HaaXucHYtimdsgAIqrnjjfduknmbfTrU=";
const leaf =
  "MIIBcTCCARigAwIBAgIUIUpldQuhqWu7UqoIkjUmzLL7CDEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEbGVhZjAgFw0yNjExMjEwNzUxMzhaGA8yMTI2MTAyODA3NTEzOFowDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP4dxHNTiN7RbjF7chrxQ/vzy/jvyW86TgdM6+W7MB3rAZf52KQm1MhiiuPEKqMkjlxGgsW2pA8zuJqLvjqL6TKjUDBOMB0GA1UdDgQWBBRbwUOKwpaHqXgTmhfFssW7VKySvzAfBgNVHSMEGDAWgBRbwUOKwpaHqXgTmhfFssW7VKySvzAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIAH22LpinpRR+8Zi3FH63I06N7pRhg5oD+bGfmRNdJgqAiBBIpk+1O2aa+1t4E3iH3g002CJ4XrROS8nvI8CxtEXEg==";

const pem = (base64: string, type = "CERTIFICATE") => `-----BEGIN ${type}-----\n${base64}\n-----END ${type}-----\n`;
const bundle = (trustBundle: string, signerName?: string, name = "x") => ({
  metadata: { name },
  spec: { trustBundle, ...(signerName === undefined ? {} : { signerName }) },
});
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const omitted = (why: string) => `spec.trustBundle: Invalid value: "<value omitted>": ${why}`;

const { check, checkUpdate, checkRow } = checksOf(clusterTrustBundles);
check("two roots with something between", bundle(`first\n${pem(root1)}then\n${pem(root2)}`));
check("a signer's", bundle(pem(root1), "example.com/s", "example.com:s:v1"));
check(
  "a signer's, named as nobody's",
  bundle(pem(root1), "example.com/s"),
  'metadata.name: Invalid value: "x": ClusterTrustBundle for signerName example.com/s must be named with prefix example.com:s:',
);
check(
  "a signer's, without a name of its own",
  bundle(pem(root1), "example.com/s", "example.com:s:"),
  `metadata.name: Invalid value: "example.com:s:": ${subdomain}`,
);
check(
  "nobody's, named as a signer's",
  bundle(pem(root1), undefined, "example.com:s:v1"),
  'metadata.name: Invalid value: "example.com:s:v1": ClusterTrustBundle without signer name must not have ":" in its name',
);
check(
  "a signer without a path",
  bundle(pem(root1), "local", "local:v1"),
  "spec.signerName: Invalid value: \"local\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
);
check("no roots", bundle("nothing"), omitted("at least one trust anchor must be provided"));
check("another block", bundle(pem(root1) + pem(root2, "KEY")), omitted("entry 1 has bad block type: KEY"));
check("headers", bundle(pem(`A: b\n\n${root1}`)), omitted("entry 0 has PEM block headers"));
check("no authority", bundle(pem(root1) + pem(leaf)), omitted("entry 1 does not have the CA bit set"));
check("no certificate", bundle(pem("aGVsbG8=")), omitted("entry 0 does not parse as X.509"));
check("one twice", bundle(pem(root1) + pem(root2) + pem(root1)), omitted("duplicate trust anchor (indices [0 2])"));
check(
  "too many roots",
  bundle(pem(root1).repeat(2000)),
  "spec.trustBundle: Too long: may not be more than 1048576 bytes",
);
checkUpdate("another root", bundle(pem(root1)), bundle(pem(root1) + pem(root2)));
checkUpdate("what is stored stays, right or not", bundle("nothing"), bundle("nothing"));
checkUpdate("no roots any more", bundle(pem(root1)), bundle(""), omitted("at least one trust anchor must be provided"));
checkUpdate(
  "another signer",
  bundle(pem(root1), "example.com/s", "example.com:s:v1"),
  bundle(pem(root1), "example.com/t", "example.com:s:v1"),
  'spec.signerName: Invalid value: "example.com/t": field is immutable',
);
checkRow("a signer's row", bundle(pem(root1), "example.com/s", "example.com:s:v1"), "example.com/s");
