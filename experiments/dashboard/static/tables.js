// Tables: sorted by a column, filtered by words, and never wider than the page.

const filterFrom = 8; // rows
const longFrom = 16;
const longText = 48; // letters; a shorter number with its interval stays on one line
const inOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function textOf(content) {
  return typeof content === "string" ? content : content.text;
}

// The order of two rows by a column: by its numbers where Python gave it some, else by its text;
// what has no number comes last in both directions.
function compared(block, column, direction) {
  const keys = block.keys[column];
  return (a, b) => {
    if (keys) {
      const [x, y] = [keys[a], keys[b]];
      if (x !== y && (x === null || y === null)) return x === null ? 1 : -1;
      if (x !== y) return direction * (x - y);
      if (x !== null) return a - b;
    }
    return direction * inOrder.compare(textOf(block.rows[a][column]), textOf(block.rows[b][column])) || a - b;
  };
}

function tableBlock(block) {
  const right = new Set(block.right);
  const side = (column, text = "") => [right.has(column) ? "right" : "", block.keys[column] && text.length < longText ? "number" : ""].filter(Boolean).join(" ") || null;
  const name = block.title || block.columns.join(", ");
  const rows = block.rows.map((row) => tableRow(block, row, side));
  const body = element("tbody", {}, ...rows);
  const found = element("span", { class: "found", role: "status" });
  const sorted = { column: null, direction: 1 };
  let words = [];

  const show = () => {
    const order = block.rows.map((_, number) => number);
    if (sorted.column !== null) order.sort(compared(block, sorted.column, sorted.direction));
    const texts = (number) => block.rows[number].map(textOf).join(" ").toLowerCase();
    const kept = order.filter((number) => words.every((word) => texts(number).includes(word)));
    body.replaceChildren(...kept.map((number) => rows[number]));
    found.textContent = words.length ? `${kept.length} of ${rows.length} rows` : "";
  };
  const head = headRow(block, side, sorted, show);
  const filter = rows.length < filterFrom ? null : element("input", {
    type: "search",
    class: "filter",
    placeholder: "filter",
    "aria-label": `Filter the rows: ${name}`,
    oninput() {
      words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      show();
    },
  });
  const mark = () => {
    const picked = pickedIn(block.picks);
    for (const line of rows.filter((one) => one.dataset.pick !== undefined)) {
      line.classList.toggle("picked", line.dataset.pick === picked);
      line.querySelector(".pick").setAttribute("aria-pressed", String(line.dataset.pick === picked));
    }
  };
  if (block.picks) {
    mark();
    follow(body, ["pick"], mark);
  }
  const tools = [filter, found, csvButton(block)].filter(Boolean);
  return element(
    "section",
    { class: "block table" },
    element(
      "div",
      { class: "top" },
      block.title ? element("h2", {}, block.title) : null,
      element("div", { class: "tools" }, ...tools),
    ),
    framed(element("table", {}, element("thead", {}, head), body), name, rows.length >= longFrom),
    block.note ? element("p", { class: "note" }, ...sentence(block.note)) : null,
  );
}

// The head: each name is a button that sorts up, then down, then as it was.
function headRow(block, side, sorted, show) {
  const cells = block.columns.map((name, column) => {
    const cell = element("th", { scope: "col", class: side(column) });
    const press = () => {
      if (sorted.column !== column) Object.assign(sorted, { column, direction: 1 });
      else if (sorted.direction === 1) sorted.direction = -1;
      else Object.assign(sorted, { column: null, direction: 1 });
      cells.forEach((other, at) => {
        if (at === sorted.column) other.setAttribute("aria-sort", sorted.direction === 1 ? "ascending" : "descending");
        else other.removeAttribute("aria-sort");
      });
      show();
    };
    cell.append(block.rows.length > 1 ? element("button", { type: "button", class: "sort", onclick: press }, name) : name);
    return cell;
  });
  return element("tr", {}, ...cells);
}

function tableRow(block, row, side) {
  const cells = row.map((content, column) => element("td", { class: side(column, textOf(content)) }, cell(content)));
  const line = element("tr", {}, ...cells);
  const value = block.picks ? row[0].state?.[block.picks] : undefined;
  if (value === undefined) return line;
  const press = () => highlight(block.picks, value);
  const circle = element("button", { type: "button", class: "pick", "aria-label": `Highlight ${value}`, onclick: press });
  cells[0].prepend(circle);
  line.addEventListener("click", (event) => {
    if (!event.target.closest("a, button") && !getSelection().toString()) press();
  });
  line.dataset.pick = value;
  return line;
}

// A frame in which a wide table scrolls; a word and a shade say so while there is more.
function framed(table, name, long) {
  const scroll = element("div", { class: long ? "scroll long" : "scroll", tabindex: 0, role: "region", "aria-label": name }, table);
  const frame = element("div", { class: "frame" }, scroll, element("p", { class: "cue", "aria-hidden": "true" }, "more columns →"));
  const look = () => frame.classList.toggle("more", scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 4);
  scroll.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(scroll);
  return frame;
}
