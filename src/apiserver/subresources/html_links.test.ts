import assert from "node:assert/strict";
import { test } from "node:test";
import { fromLatin1, latin1 } from "../../base/bytes.ts";
import { turnLinks } from "./html_links.ts";

/** The page with every link that begins with a slash put behind `/proxy`, whatever pieces it comes in. */
async function turn(page: string): Promise<string> {
  const results: string[] = [];
  for (const size of [1, 7, page.length]) {
    async function* pieces() {
      for (let at = 0; at < page.length; at += size) yield fromLatin1(page.slice(at, at + size));
    }
    let out = "";
    for await (const piece of turnLinks(pieces(), (link) => (link.startsWith("/") ? `/proxy${link}` : link)))
      out += latin1(piece);
    results.push(out);
  }
  assert.deepEqual(new Set(results).size, 1, "the pieces that it came in show");
  return results[0]!;
}

function check(what: string, page: string, wanted: string): void {
  test(`links: ${what}`, async () => assert.equal(await turn(page), wanted));
}

check("a link", '<a href="/b">x</a>', '<a href="/proxy/b">x</a>');
check("without quotes, in capitals", "<A HREF=/b>x</A>", '<a href="/proxy/b">x</A>');
check("several in one tag", '<video src="/v" poster="/p"></video>', '<video src="/proxy/v" poster="/proxy/p"></video>');
check(
  "a tag with a name of JavaScript's",
  '<constructor href="/b"></constructor>',
  '<constructor href="/b"></constructor>',
);
check("no link at all", '<p title="/b">/b</p>', '<p title="/b">/b</p>');
check("links elsewhere stay as they were written", "<a href='b'>x</a><br/>", "<a href='b'>x</a><br/>");
check(
  "scripts and comments are no tags",
  '<script>"<a href=/b>"</script><!-- <a href="/b"> -->',
  '<script>"<a href=/b>"</script><!-- <a href="/b"> -->',
);
check(
  "what is escaped stays so",
  '<a href="/b?x=1&amp;y=&quot;&#8364;">',
  '<a href="/proxy/b?x=1&amp;y=&quot;&#8364;">',
);
check(
  "bytes that are no ASCII",
  '<b>gr\xc3\xbc\xdfe</b><img src="/\xe9.png">',
  '<b>gr\xc3\xbc\xdfe</b><img src="/proxy/\xe9.png">',
);
check("a tag that is cut off is left out", '<p>x</p><a href="/b', "<p>x</p>");
check("text alone, and nothing", "hello <", "hello <");

test("links: nothing", async () => {
  async function* nothing() {}
  for await (const _ of turnLinks(nothing(), (link) => link)) assert.fail();
});

test("links: a tag without an end is not kept for ever", async () => {
  async function* endless() {
    yield fromLatin1('<a href="');
    for (;;) yield new Uint8Array(1024 * 1024).fill(97);
  }
  await assert.rejects(async () => {
    for await (const _ of turnLinks(endless(), (link) => link));
  }, /without an end of a tag or text/);
});

test("links: a page that breaks off with an error", async () => {
  async function* broken() {
    yield fromLatin1("<a>");
    throw new Error("gone");
  }
  await assert.rejects(async () => {
    for await (const _ of turnLinks(broken(), (link) => link));
  }, /gone/);
});
