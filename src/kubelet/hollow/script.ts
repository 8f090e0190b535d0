/** How a hollow container behaves. */
export interface Script {
  /** Undefined: until it is stopped. */
  runsMs?: number;
  exitCode: number;
  /** It ends only by SIGKILL. */
  ignoresTerm: boolean;
}

/** The annotation `hollow.typernetes.io/<container>` on the pod. */
const scriptPrefix = "hollow.typernetes.io/";

/**
 * Reads a container's script: words `exit=CODE`, `after=MILLISECONDS`, `attempts=N` (only the first N runs end so; later
 * ones go on) and `ignoreTerm`. Nothing means: runs for ever. Pure.
 */
export function scriptOf(annotations: Record<string, string>, container: string, attempt: number): Script {
  const words = (annotations[`${scriptPrefix}${container}`] ?? "").split(/[\s,]+/).filter(Boolean);
  const values = new Map(words.map((word) => [word.split("=")[0]!, Number(word.split("=")[1] ?? 1)]));
  const ignoresTerm = values.has("ignoreTerm");
  const exitCode = values.get("exit");
  if (exitCode === undefined || attempt >= (values.get("attempts") ?? Number.POSITIVE_INFINITY))
    return { exitCode: 0, ignoresTerm };
  return { runsMs: values.get("after") ?? 0, exitCode, ignoresTerm };
}
