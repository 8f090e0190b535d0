// Some of the real server's messages print a part of an object as Go prints its own structs: every field, in the order of
// the struct, capitalised, with null, "", 0 or false where nothing is set. A shape says how a part looks then.

/** A field: its name in JSON, what stands for nothing, and the shape of what is in it (or in each item of its list). */
export type GoField = readonly [json: string, nothing: unknown, shape?: () => GoShape];
export type GoShape = Readonly<Record<string, GoField>>;

/** A value in its shape. Objects without a known shape have their names capitalised; maps are left as they are. */
export function goValue(value: any, shape: GoShape | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => goValue(item, shape));
  if (value === null || typeof value !== "object" || !shape) return value;
  const shown: Record<string, unknown> = {};
  for (const [name, [json, nothing, inner]] of Object.entries(shape)) {
    const field = json === "" ? value : value[json];
    const isNothing = field === undefined || field === null || isEmptyList(field, nothing);
    shown[name] = isNothing ? showNothing(nothing, inner) : goValue(field, inner?.());
  }
  return shown;
}

const isEmptyList = (field: unknown, nothing: unknown): boolean =>
  nothing === null && Array.isArray(field) && field.length === 0;

/** A struct that is not a pointer shows its own fields even when nothing is set. */
function showNothing(nothing: unknown, inner: (() => GoShape) | undefined): unknown {
  return nothing === "struct" && inner ? goValue({}, inner()) : nothing;
}

/** Fields of one kind of nothing: `"Image Command"` gives `Image: ["image", …]` and so on. */
export function fields(names: string, nothing: unknown): Record<string, GoField> {
  return Object.fromEntries(names.split(" ").map((name) => [name, [jsonName(name), nothing] as const]));
}

/** `Image` is `image`, `DNSPolicy` is `dnsPolicy`, `FSGroup` is `fsGroup`: what stands before the last capital follows. */
export function jsonName(name: string): string {
  const special = specialNames[name];
  if (special) return special;
  const head = /^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/.exec(name)?.[0] ?? "";
  return head.toLowerCase() + name.slice(head.length);
}

const specialNames: Record<string, string> = {
  SELinuxOptions: "seLinuxOptions",
  SELinuxChangePolicy: "seLinuxChangePolicy",
  HostIPC: "hostIPC",
  EnvFrom: "envFrom",
};
