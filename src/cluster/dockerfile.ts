/** What a Dockerfile asks for, as far as it is supported. */
export interface Recipe {
  /** An image of the registry, or `scratch`. */
  from: string;
  /** Files of the build's directory → where they go in the image. */
  copies: { sources: string[]; target: string }[];
  config: ImageConfig;
}

/** The part of an OCI image's configuration that says how its containers run. */
export interface ImageConfig {
  Env?: string[];
  Cmd?: string[];
  Entrypoint?: string[];
  WorkingDir?: string;
  User?: string;
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

/** Reads a Dockerfile. Throws, with the line, for what it does not know or support. Pure. */
export function parseDockerfile(text: string): Recipe {
  const recipe: Recipe = { from: "", copies: [], config: {} };
  for (const { words, rest, line } of instructions(text)) {
    const name = words.toUpperCase();
    if (recipe.from === "" && name !== "FROM" && name !== "ARG")
      throw new Error(`Dockerfile line ${line}: no build stage in current context: wanted FROM first`);
    try {
      apply(recipe, name, rest);
    } catch (error) {
      throw new Error(`Dockerfile line ${line}: ${(error as Error).message}`);
    }
  }
  if (recipe.from === "") throw new Error("Dockerfile: it has no FROM");
  return recipe;
}

function* instructions(text: string): Generator<{ words: string; rest: string; line: number }> {
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let whole = lines[index]!.trim();
    if (whole === "" || whole.startsWith("#")) continue;
    while (whole.endsWith("\\") && index + 1 < lines.length) whole = `${whole.slice(0, -1)} ${lines[++index]!.trim()}`;
    const space = whole.search(/\s/);
    yield { words: space < 0 ? whole : whole.slice(0, space), rest: space < 0 ? "" : whole.slice(space).trim(), line };
  }
}

function apply(recipe: Recipe, name: string, rest: string): void {
  const { config } = recipe;
  switch (name) {
    case "FROM":
      if (recipe.from !== "") throw new Error("not supported yet: several stages");
      recipe.from = rest.split(/\s+/)[0]!;
      // What comes later sees the base's configuration; it is merged when the base is known.
      return;
    case "COPY":
    case "ADD": {
      const words = rest.startsWith("[") ? (JSON.parse(rest) as string[]) : rest.split(/\s+/);
      if (words.some((word) => word.startsWith("--") || /^https?:/.test(word)))
        throw new Error(`not supported yet: ${name} with flags or addresses`);
      const target = words.pop();
      if (!target || words.length === 0) throw new Error(`${name} wants a source and a target`);
      recipe.copies.push({
        sources: words,
        target: target.startsWith("/") ? target : `${config.WorkingDir ?? ""}/${target}`,
      });
      return;
    }
    case "ENV":
      config.Env = [...(config.Env ?? []), ...pairs(rest).map(([key, value]) => `${key}=${value}`)];
      return;
    case "LABEL":
      config.Labels = { ...config.Labels, ...Object.fromEntries(pairs(rest)) };
      return;
    case "CMD":
      config.Cmd = command(rest);
      return;
    case "ENTRYPOINT":
      config.Entrypoint = command(rest);
      return;
    case "WORKDIR":
      config.WorkingDir = rest.startsWith("/") ? rest : `${config.WorkingDir ?? ""}/${rest}`;
      return;
    case "USER":
      config.User = rest;
      return;
    case "STOPSIGNAL":
      config.StopSignal = rest;
      return;
    case "EXPOSE":
      for (const port of rest.split(/\s+/))
        config.ExposedPorts = { ...config.ExposedPorts, [port.includes("/") ? port : `${port}/tcp`]: {} };
      return;
    case "VOLUME":
      for (const path of rest.startsWith("[") ? (JSON.parse(rest) as string[]) : rest.split(/\s+/))
        config.Volumes = { ...config.Volumes, [path]: {} };
      return;
    case "MAINTAINER":
      return;
    case "RUN":
    case "ARG":
    case "ONBUILD":
    case "HEALTHCHECK":
    case "SHELL":
      throw new Error(`not supported yet: ${name}`);
    default:
      throw new Error(`unknown instruction: ${name}`);
  }
}

/** `["a","b"]`, or words for a shell. */
function command(rest: string): string[] {
  return rest.startsWith("[") ? (JSON.parse(rest) as string[]) : ["/bin/sh", "-c", rest];
}

/** `key=value key="a value"`, or the old form `key value`. */
function pairs(rest: string): [string, string][] {
  if (!/^[^\s=]+=/.test(rest)) {
    const space = rest.search(/\s/);
    return [[rest.slice(0, space), rest.slice(space).trim()]];
  }
  return Array.from(rest.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|(?:[^\s\\]|\\.)*)/g), ([, key, value]) => [
    key!,
    value!.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1"),
  ]);
}
