// Sets of fields in the form that `metadata.managedFields` has them (FieldsV1), so that nothing is converted on the way:
// a key is a path element (`f:name`, `k:{"name":"x"}`, `v:"x"`, `i:0`), and what has no children, or has the child ".",
// is itself in the set.

/** A set of fields, or below its root one field with what is below it. Immutable. */
export interface Fields {
  readonly [element: string]: Fields;
}

/** The set without fields. */
export const noFields: Fields = {};

const itself = ".";
const leaf: Fields = {};

/** Whether the field at this node is in the set; not for the root. */
export function isMember(node: Fields | undefined): boolean {
  if (node === undefined) return false;
  if (itself in node) return true;
  for (const _ in node) return false;
  return true;
}

export function isEmptySet(fields: Fields): boolean {
  for (const _ in fields) return false;
  return true;
}

/** A node of these children; undefined if there is nothing in it. */
export function fieldNode(member: boolean, children: Fields): Fields | undefined {
  if (isEmptySet(children)) return member ? leaf : undefined;
  return member ? { [itself]: leaf, ...children } : children;
}

/** Puts two sets together field by field, keeping those that `keep` is true of. What only one has is kept or left whole. */
function combine(left: Fields, right: Fields, keep: (inLeft: boolean, inRight: boolean) => boolean): Fields {
  const result: Record<string, Fields> = {};
  const [onlyLeft, onlyRight] = [keep(true, false), keep(false, true)];
  for (const element in left) {
    if (element === itself) continue;
    const [a, b] = [left[element]!, right[element]];
    const node = b ? fieldNode(keep(isMember(a), isMember(b)), combine(a, b, keep)) : onlyLeft ? a : undefined;
    if (node) result[element] = node;
  }
  if (!onlyRight) return result;
  for (const element in right) if (element !== itself && !(element in left)) result[element] = right[element]!;
  return result;
}

export function union(left: Fields, right: Fields): Fields {
  if (isEmptySet(left)) return right;
  return isEmptySet(right) ? left : combine(left, right, (a, b) => a || b);
}

/** What is in `left` and not in `right`, path by path: fields below those of `right` stay. */
export function difference(left: Fields, right: Fields): Fields {
  return isEmptySet(right) ? left : combine(left, right, (a, b) => a && !b);
}

export function intersection(left: Fields, right: Fields): Fields {
  return isEmptySet(right) ? noFields : combine(left, right, (a, b) => a && b);
}

/** What is in `left` and neither in `right` nor below a field of `right`. */
export function without(left: Fields, right: Fields): Fields {
  const result: Record<string, Fields> = {};
  for (const element in left) {
    if (element === itself) continue;
    const cut = right[element];
    if (cut === undefined) result[element] = left[element]!;
    else if (!isMember(cut)) {
      const node = fieldNode(isMember(left[element]), without(left[element]!, cut));
      if (node) result[element] = node;
    }
  }
  return result;
}

export function sameFields(left: Fields, right: Fields): boolean {
  return isEmptySet(combine(left, right, (a, b) => a !== b));
}

/** The same set with its elements in order, as the real server writes them. */
export function sortedFields(fields: Fields): Fields {
  const elements = Object.keys(fields);
  if (elements.length === 0) return fields;
  if (elements.length > 1) elements.sort();
  const result: Record<string, Fields> = {};
  for (const element of elements) result[element] = sortedFields(fields[element]!);
  return result;
}

/** All paths in the set, in order. */
export function* pathsOf(fields: Fields, path: readonly string[] = []): Generator<string[]> {
  for (const element of Object.keys(fields).toSorted()) {
    if (element === itself) continue;
    const child = [...path, element];
    if (isMember(fields[element])) yield child;
    yield* pathsOf(fields[element]!, child);
  }
}

/** A path as messages show it: `.spec.containers[name="c"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k": {
      const keys = Object.entries(JSON.parse(rest) as object);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
    }
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}
