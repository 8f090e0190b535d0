import assert from "node:assert/strict";
import { test } from "node:test";
import { alignTabs, describeTabs, tableTabs } from "./tabwriter.ts";

function check(name: string, text: string, wanted: string, options = describeTabs): void {
  test(name, () => assert.equal(alignTabs(text, options), wanted));
}

check("a column is as wide as its widest cell and its padding", "a\tx\nbbb\ty\n", "a    x\nbbb  y\n");
check("the last cell is in no column", "a\tlong one\nbbb\ty\n", "a    long one\nbbb  y\n");
check("a line without a tab ends a column", "a\tx\n--\nbbbb\ty\n", "a  x\n--\nbbbb  y\n");
check(
  "columns are blocks: an inner one is as wide as its neighbours only",
  "a\tb\tc\nd\te\nf\tgggg\th\n",
  "a  b  c\nd  e\nf  gggg  h\n",
);
check("tables have columns of at least six", "A\tB\nx\ty\n", "A     B\nx     y\n", tableTabs);
check("letters count, not bytes", "é\tx\nbb\ty\n", "é   x\nbb  y\n");

test("widths are remembered from one text to the next", () => {
  const widths: number[] = [];
  assert.equal(alignTabs("a-long-name\tx\n", tableTabs, widths), "a-long-name   x\n");
  assert.equal(alignTabs("b\ty\n", tableTabs, widths), "b             y\n");
});
