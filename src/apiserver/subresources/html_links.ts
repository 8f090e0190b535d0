// Pages behind a proxy link to paths of their own server: such links are turned so that they lead through the proxy.

import { RewritingStream } from "parse5-html-rewriting-stream";
import { fromLatin1, latin1 } from "../../base/bytes.ts";

/** Attributes that hold one address, by element (the HTML standard's list of attributes, and what came before it). */
const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  track: ["src"],
  video: ["poster", "src"],
};

/**
 * A page with its links turned, in pieces as they come. All else stays as it is, byte for byte: a page's encoding does not
 * matter, since all that is looked at is ASCII in each that browsers know.
 */
export async function* turnLinks(
  page: AsyncIterable<Uint8Array>,
  turned: (link: string) => string,
): AsyncGenerator<Uint8Array> {
  const rewriter = new RewritingStream();
  let out = "";
  rewriter.on("data", (piece: string) => {
    out += piece;
  });
  rewriter.on("startTag", (tag, raw) => {
    let changed = false;
    for (const attribute of tag.attrs) {
      if (!linkAttributes[tag.tagName]?.includes(attribute.name)) continue;
      const link = turned(attribute.value);
      changed ||= link !== attribute.value;
      attribute.value = link;
    }
    if (changed) rewriter.emitStartTag(tag);
    else rewriter.emitRaw(raw);
  });
  const taken = (): Uint8Array => {
    const bytes = fromLatin1(out.replace(/[^\0-\xff]/gu, (letter) => `&#${letter.codePointAt(0)};`));
    out = "";
    return bytes;
  };
  for await (const chunk of page) {
    await new Promise<void>((resolve, reject) =>
      rewriter.write(latin1(chunk), (error) => (error ? reject(error) : resolve())),
    );
    if (out) yield taken();
  }
  await new Promise<void>((resolve) => {
    rewriter.once("end", resolve);
    rewriter.end();
  });
  if (out) yield taken();
}
