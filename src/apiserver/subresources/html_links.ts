// Pages behind a proxy link to paths of their own server: such links are turned so that they lead through the proxy.

import { RewritingStream } from "parse5-html-rewriting-stream";
import { fromLatin1, latin1 } from "../../base/bytes.ts";

/** Attributes that hold one address, by element (the HTML standard's list of attributes, and what came before it). */
const linkAttributes = new Map<string, readonly string[]>(
  Object.entries({
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
  }),
);

/** How much of a page may have come without an end of a tag or text, in bytes: that long it lies in memory. */
const openBytesMax = 16 * 1024 * 1024;

/**
 * A page with its links turned, in pieces as they come. All else stays as it is, byte for byte: a page's encoding does not
 * matter, since all that is looked at is ASCII in each that browsers know. Throws for a page whose tag or text does not end.
 */
export async function* turnLinks(
  page: AsyncIterable<Uint8Array>,
  turned: (link: string) => string,
): AsyncGenerator<Uint8Array> {
  const rewriter = new RewritingStream();
  // A failed write tells of it too.
  rewriter.on("error", () => {});
  let out = "";
  let openBytes = 0;
  rewriter.on("data", (piece: string) => {
    out += piece;
  });
  rewriter.on("startTag", (tag, raw) => {
    let changed = false;
    for (const attribute of tag.attrs) {
      if (!linkAttributes.get(tag.tagName)?.includes(attribute.name)) continue;
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
    openBytes += chunk.length;
    if (openBytes > openBytesMax) throw new Error(`a page with ${openBytesMax} bytes without an end of a tag or text`);
    await new Promise<void>((resolve, reject) =>
      rewriter.write(latin1(chunk), (error) => (error ? reject(error) : resolve())),
    );
    if (!out) continue;
    openBytes = 0;
    yield taken();
  }
  await new Promise<void>((resolve) => {
    rewriter.once("end", resolve);
    rewriter.end();
  });
  if (out) yield taken();
}
