/**
 * Replaces `$(NAME)` by the variable's value; `$$` stands for one dollar, and an unknown name is left as it is
 * (API reference, Container `args`). Pure.
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, after: string, name: string | undefined) => {
    if (after === "$") return "$";
    return lookUp(name ?? "") ?? whole;
  });
}
