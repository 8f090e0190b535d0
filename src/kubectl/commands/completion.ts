import { defineCommand } from "../command.ts";
import { commands } from "../commands.ts";
import { CommandError } from "../errors.ts";

/** Completes command words from the list of commands, and names of objects by asking `kubectl get`. */
const bash = `# bash completion for kubectl
__kubectl_words() {
  case "$1" in
@WORDS@
  esac
}

__kubectl_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      -*) ;;
      *) [ -n "$(__kubectl_words "$path")" ] && path="\${path:+$path }$word" ;;
    esac
  done
  local words="$(__kubectl_words "$path")"
  if [ -z "$words" ]; then
    local before="\${COMP_WORDS[COMP_CWORD-1]}"
    case "$before" in
      get|describe|delete|edit|label|annotate|scale|expose|patch) words="$(kubectl api-resources --cached --no-headers -o name 2>/dev/null)" ;;
      logs|exec|attach|port-forward) words="$(kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{" "}{end}' 2>/dev/null)" ;;
      -n|--namespace) words="$(kubectl get namespaces -o jsonpath='{range .items[*]}{.metadata.name}{" "}{end}' 2>/dev/null)" ;;
      *) words="$(kubectl get "$before" -o jsonpath='{range .items[*]}{.metadata.name}{" "}{end}' 2>/dev/null)" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -o default -F __kubectl_complete kubectl
`;

export const completion = defineCommand({
  path: "completion",
  usage: "SHELL [options]",
  summary: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
  flags: {},
  async run(call) {
    const [shell] = call.args;
    if (!shell) throw new CommandError("Shell not specified\nSee 'kubectl completion -h' for help and examples");
    if (["zsh", "fish", "powershell"].includes(shell)) throw new CommandError(`not supported yet: completion ${shell}`);
    if (shell !== "bash")
      throw new CommandError(
        `Unsupported shell type ${JSON.stringify(shell)}.\nSee 'kubectl completion -h' for help and examples`,
      );
    const words = new Map<string, Set<string>>();
    for (const { path } of commands) {
      const parts = path.split(" ");
      for (const [at, part] of parts.entries()) {
        const above = parts.slice(0, at).join(" ");
        words.set(above, (words.get(above) ?? new Set()).add(part));
      }
    }
    const cases = [...words].map(([path, next]) => `    "${path}") echo "${[...next].join(" ")}" ;;`).join("\n");
    call.print(bash.replace("@WORDS@", cases));
  },
});
