// Blocks: what a view is made of.

const makers = {
  lines: (block) => element("div", { class: "block lines" }, ...block.lines.map((text) => element("p", {}, ...sentence(text)))),
  notice: (block) =>
    element(
      "section",
      { class: `block notice ${block.tone}`, role: block.tone === "error" ? "alert" : null },
      element("h2", {}, block.title),
      ...block.lines.map((text) => element("p", {}, ...sentence(text))),
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
          element("dd", { class: "value" }, ...breakable(item.value)),
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

function detailsBlock(block) {
  const inside = element("div", { class: "inside" });
  const shown = element(
    "details",
    { class: "block" },
    element("summary", {}, element("span", {}, block.title), ...block.badges.map((content) => cell(content))),
    inside,
  );
  shown.addEventListener("toggle", () => {
    if (!shown.open || inside.childElementCount) return;
    if (block.ask) fillLater(block.ask, inside);
    else inside.append(...block.blocks.map(show));
  });
  return shown;
}

