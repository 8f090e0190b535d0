// Namespaces, config maps, secrets, service accounts, volumes and claims, storage classes.

import { compactRules, ruleCells } from "../rbac_rules.ts";
import { sourceLines } from "./volumes.ts";
import { type DescribeContext, eventLines, type Lines, metadataLines, nameLines, orNone } from "./writer.ts";

/** `kubectl describe namespace`. */
export async function describeNamespace(out: Lines, namespace: any, context: DescribeContext): Promise<void> {
  const { metadata, status = {} } = namespace;
  const [quotas, limits] = await Promise.all([
    context.read(`/api/v1/namespaces/${metadata.name}/resourcequotas`),
    context.read(`/api/v1/namespaces/${metadata.name}/limitranges`),
  ]);
  nameLines(out, namespace);
  metadataLines(out, namespace);
  out.raw(`Status:\t${status.phase ?? ""}\n`);
  if (status.conditions?.length > 0) {
    out.raw(
      "Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n  ----\t------\t------------------\t------\t-------\n",
    );
    for (const each of status.conditions)
      out.line(
        1,
        `${each.type}\t${each.status}\t${context.formatTime(each.lastTransitionTime)}\t${each.reason}\t${each.message}`,
      );
  }
  out.raw("\n");
  quotaLines(out, quotas?.items ?? []);
  out.raw("\n");
  limitLines(out, limits?.items ?? []);
}

function quotaLines(out: Lines, quotas: readonly any[]): void {
  if (quotas.length === 0) {
    out.raw("No resource quota.\n");
    return;
  }
  out.raw("Resource Quotas\n");
  for (const { metadata, status = {} } of quotas) {
    out.line(1, `Name:\t${metadata.name}`);
    out.line(1, "Resource\tUsed\tHard");
    out.line(1, "--------\t---\t---");
    for (const name of Object.keys(status.hard ?? {}).sort())
      out.line(1, `${name}\t${status.used?.[name] ?? ""}\t${status.hard[name]}`);
  }
}

function limitLines(out: Lines, ranges: readonly any[]): void {
  if (ranges.length === 0) {
    out.raw("No LimitRange resource.\n");
    return;
  }
  out.raw(
    "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
  );
  for (const { spec } of ranges) limitRows(out, spec);
}

function limitRows(out: Lines, spec: any): void {
  for (const limit of spec?.limits ?? []) {
    const names = new Set(
      ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"].flatMap((field) =>
        Object.keys(limit[field] ?? {}),
      ),
    );
    for (const name of [...names].sort()) {
      const cells = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"].map(
        (field) => limit[field]?.[name] ?? "-",
      );
      out.raw(` ${limit.type}\t${name}\t${cells.join("\t")}\n`);
    }
  }
}

/** `kubectl describe resourcequota`. */
export async function describeQuota(out: Lines, quota: any): Promise<void> {
  const { status = {}, spec = {} } = quota;
  nameLines(out, quota);
  if (spec.scopes?.length > 0) out.raw(`Scopes:\t${spec.scopes.join(", ")}\n`);
  out.raw("Resource\tUsed\tHard\n--------\t----\t----\n");
  for (const name of Object.keys(status.hard ?? {}).sort())
    out.raw(`${name}\t${status.used?.[name] ?? "0"}\t${status.hard[name]}\n`);
}

/** `kubectl describe limitrange`. */
export async function describeLimitRange(out: Lines, range: any): Promise<void> {
  nameLines(out, range);
  out.raw(
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
  );
  const rows: Lines = { ...out, raw: (text) => out.raw(text.slice(1)) };
  limitRows(rows, range.spec);
}

/** `kubectl describe configmap`. */
export async function describeConfigMap(out: Lines, map: any, context: DescribeContext): Promise<void> {
  nameLines(out, map);
  metadataLines(out, map);
  out.raw("\nData\n====\n");
  for (const key of Object.keys(map.data ?? {}).sort()) out.raw(`${key}:\n----\n${map.data[key]}\n\n`);
  out.raw("\nBinaryData\n====\n");
  for (const key of Object.keys(map.binaryData ?? {}).sort())
    out.raw(`${key}: ${atob(map.binaryData[key]).length} bytes\n`);
  out.raw("\n");
  eventLines(out, await context.events(map), context.now);
}

/** `kubectl describe secret`: sizes, and only tokens of service accounts in the open. */
export async function describeSecret(out: Lines, secret: any): Promise<void> {
  nameLines(out, secret);
  metadataLines(out, secret);
  out.raw(`\nType:\t${secret.type}\n`);
  out.raw("\nData\n====\n");
  for (const key of Object.keys(secret.data ?? {}).sort()) {
    const bytes = atob(secret.data[key]);
    const open = key === "token" && secret.type === "kubernetes.io/service-account-token";
    out.raw(`${key}:\t${open ? bytes : `${bytes.length} bytes`}\n`);
  }
}

/** `kubectl describe serviceaccount`. */
export async function describeServiceAccount(out: Lines, account: any, context: DescribeContext): Promise<void> {
  nameLines(out, account);
  metadataLines(out, account);
  const listed = (title: string, names: readonly string[]) => {
    const width = `${title}: `.length;
    if (names.length === 0) out.raw(`${title}:\t<none>\n`);
    for (const [at, name] of names.entries())
      out.raw(at === 0 ? `${title}:\t${name}\n` : `${" ".repeat(width)}\t${name}\n`);
  };
  const secrets: string[] = (account.secrets ?? []).map(({ name }: any) => name);
  listed(
    "Image pull secrets",
    (account.imagePullSecrets ?? []).map(({ name }: any) => name),
  );
  listed("Mountable secrets", secrets);
  const all = await context.read(
    `/api/v1/namespaces/${account.metadata.namespace}/secrets?fieldSelector=type%3Dkubernetes.io%2Fservice-account-token`,
  );
  const tokens = (all?.items ?? []).filter(
    ({ metadata }: any) => metadata.annotations?.["kubernetes.io/service-account.uid"] === account.metadata.uid,
  );
  listed(
    "Tokens",
    tokens.map(({ metadata }: any) => metadata.name),
  );
  eventLines(out, await context.events(account), context.now);
}

const modes: Record<string, string> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function modesText(list: readonly string[] | undefined): string {
  return [...new Set(list ?? [])].map((mode) => modes[mode] ?? mode).join(",");
}

/** `kubectl describe persistentvolumeclaim`. */
export async function describeClaim(out: Lines, claim: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = claim;
  nameLines(out, claim);
  out.raw(
    `StorageClass:\t${spec.storageClassName ?? metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? ""}\n`,
  );
  out.raw(
    metadata.deletionTimestamp
      ? `Status:\tTerminating (lasts ${context.formatTime(metadata.deletionTimestamp)})\n`
      : `Status:\t${status.phase ?? ""}\n`,
  );
  out.raw(`Volume:\t${spec.volumeName ?? ""}\n`);
  metadataLines(out, claim);
  out.raw(`Finalizers:\t[${(metadata.finalizers ?? []).join(" ")}]\n`);
  const bound = Boolean(spec.volumeName);
  out.raw(`Capacity:\t${bound ? (status.capacity?.storage ?? "") : ""}\n`);
  out.raw(`Access Modes:\t${bound ? modesText(status.accessModes) : ""}\n`);
  if (spec.volumeMode) out.raw(`VolumeMode:\t${spec.volumeMode}\n`);
  if (spec.dataSource)
    out.raw(
      `DataSource:\n  APIGroup:\t${spec.dataSource.apiGroup ?? ""}\n  Kind:\t${spec.dataSource.kind}\n  Name:\t${spec.dataSource.name}\n`,
    );
  const pods = await context.read(`/api/v1/namespaces/${metadata.namespace}/pods`);
  const users: string[] = (pods?.items ?? [])
    .filter((pod: any) =>
      (pod.spec.volumes ?? []).some((volume: any) => volume.persistentVolumeClaim?.claimName === metadata.name),
    )
    .map((pod: any) => pod.metadata.name);
  out.raw(`Used By:\t${users.length === 0 ? "<none>" : users.join("\n\t")}\n`);
  eventLines(out, await context.events(claim), context.now);
}

/** `kubectl describe persistentvolume`. */
export async function describeVolume(out: Lines, volume: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = volume;
  out.raw(`Name:\t${metadata.name}\n`);
  metadataLines(out, volume);
  out.raw(`Finalizers:\t[${(metadata.finalizers ?? []).join(" ")}]\n`);
  out.raw(`StorageClass:\t${spec.storageClassName ?? ""}\n`);
  out.raw(
    metadata.deletionTimestamp
      ? `Status:\tTerminating (lasts ${context.formatTime(metadata.deletionTimestamp)})\n`
      : `Status:\t${status.phase ?? ""}\n`,
  );
  out.raw(spec.claimRef ? `Claim:\t${spec.claimRef.namespace}/${spec.claimRef.name}\n` : "Claim:\t\n");
  out.raw(`Reclaim Policy:\t${spec.persistentVolumeReclaimPolicy ?? ""}\n`);
  out.raw(`Access Modes:\t${modesText(spec.accessModes)}\n`);
  if (spec.volumeMode) out.raw(`VolumeMode:\t${spec.volumeMode}\n`);
  out.raw(`Capacity:\t${spec.capacity?.storage ?? ""}\n`);
  const terms: any[] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  out.raw(terms.length === 0 ? "Node Affinity:\t<none>\n" : "Node Affinity:\t\n");
  if (terms.length > 0) out.line(1, "Required Terms:\t");
  for (const [at, term] of terms.entries()) {
    const expressions = (term.matchExpressions ?? []).map(
      ({ key, operator, values = [] }: any) => `${key} ${operator.toLowerCase()} [${values.join(", ")}]`,
    );
    out.line(2, `Term ${at}:\t${expressions.join("\n    \t")}`);
  }
  out.raw(`Message:\t${status.message ?? ""}\n`);
  out.raw("Source:\n");
  const source: Lines = { ...out, line: (_level, text) => out.raw(`    ${text}\n`) };
  sourceLines(source, spec);
  eventLines(out, await context.events(volume), context.now);
}

/** `kubectl describe storageclass`. */
export async function describeStorageClass(out: Lines, storageClass: any, context: DescribeContext): Promise<void> {
  const { metadata, provisioner, parameters, allowVolumeExpansion, mountOptions, reclaimPolicy, volumeBindingMode } =
    storageClass;
  const annotations: Record<string, string> = metadata.annotations ?? {};
  out.raw(`Name:\t${metadata.name}\n`);
  out.raw(`IsDefaultClass:\t${annotations["storageclass.kubernetes.io/is-default-class"] === "true" ? "Yes" : "No"}\n`);
  const text = (map: Record<string, string> | undefined) =>
    orNone(
      Object.keys(map ?? {})
        .sort()
        .map((key) => `${key}=${map![key]}`)
        .join(","),
    );
  out.raw(`Annotations:\t${text(annotations)}\n`);
  out.raw(`Provisioner:\t${provisioner}\n`);
  out.raw(`Parameters:\t${text(parameters)}\n`);
  out.raw(
    `AllowVolumeExpansion:\t${allowVolumeExpansion === undefined ? "<unset>" : allowVolumeExpansion ? "True" : "False"}\n`,
  );
  if (mountOptions?.length > 0) {
    out.raw("MountOptions:\n");
    for (const option of mountOptions) out.line(1, option);
  } else out.raw("MountOptions:\t<none>\n");
  if (reclaimPolicy) out.raw(`ReclaimPolicy:\t${reclaimPolicy}\n`);
  if (volumeBindingMode) out.raw(`VolumeBindingMode:\t${volumeBindingMode}\n`);
  eventLines(out, await context.events(storageClass), context.now);
}

/** Roles and cluster roles. */
export async function describeRole(out: Lines, role: any): Promise<void> {
  out.raw(`Name:\t${role.metadata.name}\n`);
  metadataLines(out, role);
  out.raw("PolicyRule:\n");
  out.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
  out.line(1, "---------\t-----------------\t--------------\t-----");
  for (const rule of compactRules(role.rules ?? [])) out.line(1, ruleCells(rule).join("\t"));
}

/** Role bindings and cluster role bindings. */
export async function describeBinding(out: Lines, binding: any): Promise<void> {
  out.raw(`Name:\t${binding.metadata.name}\n`);
  metadataLines(out, binding);
  out.raw(`Role:\n  Kind:\t${binding.roleRef.kind}\n  Name:\t${binding.roleRef.name}\n`);
  out.raw("Subjects:\n  Kind\tName\tNamespace\n  ----\t----\t---------\n");
  for (const { kind, name, namespace = "" } of binding.subjects ?? []) out.line(1, `${kind}\t${name}\t${namespace}`);
}
