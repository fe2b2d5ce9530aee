// Blocks: what a view is made of.

const makers = {
  lines: (block) => element("div", { class: "block lines" }, ...block.lines.map((text) => element("p", {}, text))),
  notice: (block) =>
    element(
      "section",
      { class: `block notice ${block.tone}`, role: block.tone === "error" ? "alert" : null },
      element("h2", {}, block.title),
      ...block.lines.map((text) => element("p", {}, text)),
    ),
  facts: (block) =>
    element(
      "dl",
      { class: "block facts" },
      ...block.items.map((item) =>
        element(
          "div",
          {},
          element("dt", {}, item.label),
          element("dd", { class: "value" }, item.value),
          item.note ? element("dd", { class: "note" }, item.note) : null,
        ),
      ),
    ),
  table: tableBlock,
  figure: figureBlock,
  details: detailsBlock,
};

function show(block) {
  return makers[block.kind](block);
}

function cell(content) {
  if (typeof content === "string") return content;
  if (content.state) return element("a", { href: linkTo(content.state) }, content.text);
  return element("span", { class: `badge ${content.tone}` }, content.text);
}

function tableBlock(block) {
  const right = new Set(block.right);
  const side = (column) => (right.has(column) ? "right" : null);
  const head = element(
    "tr",
    {},
    ...block.columns.map((name, column) => element("th", { scope: "col", class: side(column) }, name)),
  );
  const rows = block.rows.map((row) =>
    element("tr", {}, ...row.map((content, column) => element("td", { class: side(column) }, cell(content)))),
  );
  const name = block.title || block.columns.join(", ");
  const tools = csvButton(block);
  return element(
    "section",
    { class: "block" },
    block.title || tools
      ? element(
          "div",
          { class: "top" },
          block.title ? element("h2", {}, block.title) : null,
          tools ? element("p", { class: "tools" }, tools) : null,
        )
      : null,
    element(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
    ),
    block.note ? element("p", { class: "note" }, block.note) : null,
  );
}

function detailsBlock(block) {
  const inside = element("div", { class: "inside" });
  const shown = element(
    "details",
    { class: "block" },
    element("summary", {}, element("span", {}, block.title), ...block.badges.map((content) => cell(content))),
    inside,
  );
  shown.addEventListener("toggle", () => {
    if (shown.open && !inside.childElementCount) inside.append(...block.blocks.map(show));
  });
  return shown;
}

