// One thing that stands out, a family say: in the figures, in the tables and in the address.

function pickedIn(name) {
  return state()[name] ?? null;
}

function highlight(name, value) {
  replaceState({ [name]: value !== null && value === pickedIn(name) ? null : value });
  // Links of the page keep what is chosen.
  for (const link of document.querySelectorAll("nav a")) {
    const { view } = Object.fromEntries(new URLSearchParams(link.hash.slice(1)));
    link.href = linkTo({ view });
  }
  document.dispatchEvent(new Event("pick"));
}

// Calls `action` at each of these events of the page for as long as the element is on it.
function follow(shown, names, action) {
  for (const name of names) {
    const listener = () => (shown.isConnected ? action() : document.removeEventListener(name, listener));
    document.addEventListener(name, listener);
  }
}

document.addEventListener("keydown", (event) => {
  const picking = document.querySelector("[data-picks]");
  if (event.key !== "Escape" || !picking || event.target.matches("input, select, textarea")) return;
  if (pickedIn(picking.dataset.picks) !== null) highlight(picking.dataset.picks, null);
});

// Whether a trace holds the picked one; `meta` says of each point whose it is.
function holds(one, picked) {
  return Boolean(one.meta?.includes(picked));
}

// The picked one alone, as it is drawn above the others.
function partOf(one, picked) {
  const points = one.meta.flatMap((name, at) => (name === picked ? [at] : []));
  const of = (values) => points.map((at) => values[at]);
  const marker = one.marker && { ...one.marker, size: of(one.marker.size) };
  const line = one.line && { ...one.line, width: 3.5 };
  return { ...one, x: of(one.x), y: of(one.y), text: of(one.text), meta: of(one.meta), marker, line, showlegend: false };
}

// Traces with the picked one on top and the others stepped back.
function withPick(traces, picked) {
  const its = picked === null ? [] : traces.filter((one) => holds(one, picked));
  if (!its.length) return traces;
  const back = traces.filter((one) => one.meta).map((one) => ({ ...one, opacity: 0.13 }));
  return [...back, ...traces.filter((one) => !one.meta), ...its.map((one) => partOf(one, picked))];
}

// What a figure says of its pick, for who cannot see it change.
function pickLine(block) {
  const line = element("p", { class: "note", role: "status" });
  const say = () => {
    const picked = pickedIn(block.picks);
    const there = block.traces.some((one) => holds(one, picked));
    line.textContent = there
      ? `${picked} is highlighted; click it again, or press Esc, to see all alike.`
      : `A click on a line, or on the circle before a ${block.picks} in the table, highlights it.`;
  };
  say();
  follow(line, ["pick"], say);
  return line;
}
