const component = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const domainPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const reference = new RegExp(
  `^((?:${domain}/)?${component}(?:/${component})*)(:[\\w][\\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** An image's name with `:latest` if it has neither tag nor digest; undefined if it is no image name (the grammar of
 * container image references). Pure. */
export function withDefaultTag(image: string): string | undefined {
  const match = reference.exec(image);
  if (!match) return undefined;
  return match[2] || match[3] ? image : `${image}:latest`;
}

/** The registry of an image as credentials are looked up: `docker.io` for names without one. Pure. */
export function registryOf(image: string): string {
  const slash = image.indexOf("/");
  const first = slash < 0 ? "" : image.slice(0, slash);
  return /[.:]/.test(first) || first === "localhost" ? first : "docker.io";
}
