import { checksOf } from "../../../test/declarations.ts";
import { validatingAdmissionPolicyBindings } from "./policies.ts";
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "./webhooks.ts";

const base = { name: "w.example.com", sideEffects: "None", admissionReviewVersions: ["v1"] };
const service = (fields: object) => ({ service: { name: "s", namespace: "ns", ...fields } });
const webhook = (fields: object) => ({ webhooks: [{ ...base, clientConfig: service({}), ...fields }] });

const { check, checkMade } = checksOf(validatingWebhookConfigurations);
checkMade(
  "defaults",
  webhook({ rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] }] }),
  ({ webhooks: [{ failurePolicy, matchPolicy, timeoutSeconds, rules, clientConfig }] }) => [
    failurePolicy,
    matchPolicy,
    timeoutSeconds,
    rules[0].scope,
    clientConfig.service.port,
  ],
  ["Fail", "Equivalent", 10, "*", 443],
);
check("no name", webhook({ name: "" }), "webhooks[0].name: Required value");
check(
  "a service without a name",
  webhook({ clientConfig: service({ name: "" }) }),
  "webhooks[0].clientConfig.service.namespace: Required value",
);
check(
  "a service without a namespace",
  webhook({ clientConfig: service({ namespace: "" }) }),
  "webhooks[0].clientConfig.service.name: Required value",
);
const at = "webhooks[0].clientConfig.service.path: Invalid value:";
check("a path", webhook({ clientConfig: service({ path: "/a/b/" }) }));
check(
  "an empty segment",
  webhook({ clientConfig: service({ path: "/a//b" }) }),
  `${at} "/a//b": segment[1] may not be empty`,
);
check(
  "a segment in capitals",
  webhook({ clientConfig: service({ path: "/a/B" }) }),
  `${at} "/a/B": segment[1]: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
);
check(
  "timeout",
  webhook({ timeoutSeconds: 31 }),
  "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
);
check(
  "versions that nobody knows",
  webhook({ admissionReviewVersions: ["v2"] }),
  'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
);
checksOf(mutatingWebhookConfigurations).check(
  "reinvocation",
  webhook({ reinvocationPolicy: "x" }),
  'webhooks[0].reinvocationPolicy: Unsupported value: "x": supported values: "IfNeeded", "Never"',
);
checksOf(validatingAdmissionPolicyBindings).check(
  "said twice to the same client",
  { spec: { policyName: "p", validationActions: ["Deny", "Warn"] } },
  'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
);
