import { checksOf } from "../../../test/declarations.ts";
import { certificateSigningRequests } from "./certificatesigningrequest.ts";

/** `O=dev, CN=alice`, made with openssl. */
const body =
  "MIHYMIGAAgEAMB4xDDAKBgNVBAoMA2RldjEOMAwGA1UEAwwFYWxpY2UwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS06VscnxDBtHw7LgOGCkhQnK2xBU00bPtRPxiQ41CZ4Sf0Q7Gr+NDFD1xUYAReg4RquuOcr2Ij0iL+ImlaKGTYoAAwCgYIKoZIzj0EAwIDRwAwRAIgGmK5sdz2f/mfKzBWpxbLghRIXZIKy1OkiXKIeZRpGSYCIBt27KWh5bZPwCrykGLuuHnxfFch7TvpWD4HoNXB3K7S";
const pem = (type: string, base64: string) => btoa(`-----BEGIN ${type}-----\n${base64}\n-----END ${type}-----\n`);
const request = (fields: object) => ({
  spec: {
    request: pem("CERTIFICATE REQUEST", body),
    signerName: "example.com/s",
    usages: ["client auth"],
    ...fields,
  },
});

const { check, checkChanged, checkStatus, checkStatusMade } = checksOf(certificateSigningRequests);
check("a request", request({}));
check(
  "no request",
  request({ request: undefined }),
  "spec.request: Invalid value: null: PEM block type must be CERTIFICATE REQUEST",
);
check(
  "a signer of one name",
  request({ signerName: "local/s" }),
  'spec.signerName: Invalid value: "local": should be a domain with at least two segments separated by dots',
);
check(
  "a signer's label",
  request({ signerName: "A.example.com/s" }),
  "spec.signerName: Invalid value: \"A.example.com\": validating label \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
);
check(
  "the old signer",
  request({ signerName: "kubernetes.io/legacy-unknown" }),
  'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
);
check(
  "a short life",
  request({ expirationSeconds: 599 }),
  "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
);
checkChanged("what is asked for stays", request({}), request({ usages: ["server auth"] }), ({ spec }) => spec.usages, [
  "client auth",
]);
const approved = { type: "Approved", status: "True" };
checkStatus(
  "an approval by way of the status",
  request({}),
  {},
  { conditions: [approved] },
  'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
);
checkStatus(
  "an approval taken back",
  request({}),
  { conditions: [approved] },
  { conditions: [] },
  'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
);
checkStatus(
  "an approval said otherwise",
  request({}),
  { conditions: [approved] },
  { conditions: [{ ...approved, reason: "R" }] },
  'status.conditions: Forbidden: updates may not modify a condition of type "Approved"',
);
checkStatus(
  "a failure is true",
  request({}),
  {},
  { conditions: [{ type: "Failed", status: "False" }] },
  'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
);
const at = 'status.certificate: Invalid value: "<certificate data>": ';
checkStatus(
  "no certificate",
  request({}),
  {},
  { certificate: btoa("x") },
  `${at}must contain at least one CERTIFICATE PEM block`,
);
checkStatus(
  "a key",
  request({}),
  {},
  { certificate: pem("PRIVATE KEY", "AA==") },
  `${at}only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"`,
);
const [one, other] = ["MAA=", "MAEA"].map((each) => pem("CERTIFICATE", each));
checkStatus("a certificate", request({}), {}, { certificate: one });
checkStatus(
  "another certificate",
  request({}),
  { certificate: one },
  { certificate: other },
  "status.certificate: Forbidden: updates may not modify existing certificate content",
);

const decided = { type: "Approved", status: "True", reason: "R", message: "m" };
const times = { lastUpdateTime: "2020-01-01T00:00:00Z", lastTransitionTime: "2020-01-01T00:00:00Z" };
checkStatusMade(
  "a decision stays as it was made",
  request({}),
  { conditions: [{ ...decided, ...times }] },
  { conditions: [{ ...decided, message: "other", ...times }] },
  { conditions: [{ ...decided, ...times }] },
);
