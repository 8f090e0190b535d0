// Sessions as text: commands, what they print, and the files that they use.
//
//   # a comment
//   $ kubectl create -f pod.yaml
//   pod/web created
//   $ kubectl get pod nope
//   ! Error from server (NotFound): pods "nope" not found
//   [1]
//   $ until 60s kubectl get pods
//   NAME   READY   STATUS    RESTARTS   AGE
//   web    1/1     Running   0          <age>
//   $ set POD kubectl get pods -o name
//   -- pod.yaml --
//   apiVersion: v1
//
// A command is a line for sh. Lines after it are its standard output, those after `! ` its standard error, `[1]` its exit
// code (0 if nothing is said). `until TIME` repeats a command until it is as expected. `set NAME` keeps what a command
// prints as ${NAME} for later ones; nothing is compared. In what is expected, `<age>`, `<hash>` and so on stand for what
// differs each time, `<?text>` for text that may be missing, a line `...` for any lines. Where one of these stands, columns
// may be wider or narrower.

export interface Step {
  /** From 1, in the session's file. */
  line: number;
  command: string;
  /** Milliseconds to go on trying; undefined for once. */
  untilMs?: number;
  /** The variable that keeps the output. */
  variable?: string;
  stdout: string[];
  stderr: string[];
  code: number;
}

export interface Session {
  steps: Step[];
  files: Map<string, string>;
}

/** Reads a session. Throws an Error with the line for what is no session. */
export function parseSession(text: string): Session {
  const [script = "", ...sections] = text.split(/^-- (.+) --$/m);
  const files = new Map<string, string>();
  for (let at = 0; at + 1 < sections.length; at += 2)
    files.set(sections[at]!.trim(), sections[at + 1]!.replace(/^\n/, ""));
  const steps: Step[] = [];
  for (const [index, line] of script.split("\n").entries()) {
    const last = steps.at(-1);
    if (line.startsWith("$ ")) steps.push(parseCommand(line.slice(2), index + 1));
    else if (line.startsWith("# ") || line === "#") continue;
    else if (!last) {
      if (line.trim() !== "")
        throw new Error(`line ${index + 1}: wanted a command ("$ …"), found ${JSON.stringify(line)}`);
    } else if (line.startsWith("! ")) last.stderr.push(line.slice(2));
    else if (/^\[\d+\]$/.test(line)) last.code = Number(line.slice(1, -1));
    else last.stdout.push(line);
  }
  for (const step of steps) while (step.stdout.at(-1) === "") step.stdout.pop();
  return { steps, files };
}

function parseCommand(text: string, line: number): Step {
  const until = /^until (\d+)s (.*)$/.exec(text);
  const set = /^set ([A-Z_]+) (.*)$/.exec(text);
  const step: Step = { line, command: until?.[2] ?? set?.[2] ?? text, stdout: [], stderr: [], code: 0 };
  if (until) step.untilMs = Number(until[1]) * 1000;
  if (set) step.variable = set[1];
  return step;
}

const tokens: Record<string, string> = {
  age: "\\d+[smhdy](?:\\d+[smhd])?",
  hash: "[a-z0-9]{8,10}",
  suffix: "[a-z0-9]{5}",
  uid: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  ip: "(?:\\d{1,3}\\.){3}\\d{1,3}",
  number: "\\d+",
  time: "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ",
  date: "\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d [-+]\\d{4}",
  word: "\\S+",
  any: ".*",
};

/** What differs each time stands in angle brackets; `<none>` and the like are themselves. */
const tokenPattern = new RegExp(`<(${Object.keys(tokens).join("|")})>|<\\?([^>]*)>`, "g");

/** True if what was printed is what a session says. */
export function matches(expected: readonly string[], printed: string): boolean {
  const isLoose = expected.some((line) => line === "..." || line.search(tokenPattern) >= 0);
  const pattern = expected
    .map((line) => (line === "..." ? "(?:.*\\n)*?" : `${linePattern(line, isLoose)}\\n`))
    .join("");
  const trimmed = printed
    .split("\n")
    .map((line) => (isLoose ? line.trimEnd() : line))
    .join("\n")
    .replace(/\n+$/, "");
  return new RegExp(`^${pattern}$`).test(trimmed === "" ? "" : `${trimmed}\n`);
}

function linePattern(line: string, isLoose: boolean): string {
  let pattern = "";
  let at = 0;
  const text = isLoose ? line.trimEnd() : line;
  for (const match of text.matchAll(tokenPattern)) {
    pattern += literal(text.slice(at, match.index), isLoose);
    pattern += match[1] ? `(?:${tokens[match[1]]})` : `(?:${literal(match[2]!, isLoose)})?`;
    at = match.index + match[0].length;
  }
  return pattern + literal(text.slice(at), isLoose);
}

function literal(text: string, isLoose: boolean): string {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return isLoose ? escaped.replace(/ {2,}/g, " {2,}") : escaped;
}
