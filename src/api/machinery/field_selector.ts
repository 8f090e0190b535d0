// Field selectors: `metadata.name=a,status.phase!=Running`.

export interface FieldRequirement {
  field: string;
  operator: "=" | "!=";
  value: string;
}

/** Reads a field selector. Backslashes escape `,`, `=` and themselves. Throws an Error with the server's message. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const found = /^((?:\\.|[^\\=!]|!(?!=))*?)(!=|==|=)([\s\S]*)$/.exec(term);
    if (!found) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({ field: found[1]!, operator: found[2] === "!=" ? "!=" : "=", value: unescapeValue(found[3]!) });
  }
  return requirements;
}

function splitTerms(text: string): string[] {
  return Array.from(text.matchAll(/(?:\\.|[^\\,]|\\$)+|(?<=,|^)(?=,|$)/gs), ([term]) => term);
}

function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) return value;
  let result = "";
  for (let index = 0; index < value.length; index++) {
    const letter = value[index]!;
    if (letter === "\\") {
      const next = value[++index];
      if (next !== "\\" && next !== "," && next !== "=") {
        throw new Error(`invalid field selector: invalid escape sequence: \\${next ?? ""}`);
      }
      result += next;
    } else if (letter === "," || letter === "=") {
      throw new Error(`invalid field selector: unescaped character in value: ${letter}`);
    } else result += letter;
  }
  return result;
}

/** The canonical text: escaped, in the given order. */
export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(",");
}

/** A value with what has a meaning in field selectors escaped. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&");
}

/** Whether an object meets all requirements. `read` gives a field's text; absent fields are the empty text. */
export function compileFieldSelector<T>(
  requirements: readonly FieldRequirement[],
  read: (object: T, field: string) => string | undefined,
): (object: T) => boolean {
  return (object) =>
    requirements.every(({ field, operator, value }) => ((read(object, field) ?? "") === value) === (operator === "="));
}
