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

// Traces with the picked one on top and the others stepped back; `meta` says whose a trace is.
function withPick(traces, picked) {
  if (picked === null || !traces.some((one) => one.meta === picked)) return traces;
  const rank = (one) => (one.meta === picked ? 2 : one.meta ? 0 : 1);
  const styled = traces.map((one) => {
    if (!one.meta) return one;
    if (one.meta !== picked) return { ...one, opacity: 0.13 };
    return { ...one, opacity: 1, line: { ...one.line, width: 3.5 } };
  });
  return styled.sort((a, b) => rank(a) - rank(b));
}

// What a figure says of its pick, for who cannot see it change.
function pickLine(block) {
  const line = element("p", { class: "note", role: "status" });
  const say = () => {
    const picked = pickedIn(block.picks);
    const there = block.traces.some((one) => one.meta === picked);
    line.textContent = there
      ? `${picked} is highlighted; click it again, or press Esc, to see all alike.`
      : `A click on a line, or on the circle before a ${block.picks} in the table, highlights it.`;
  };
  say();
  follow(line, ["pick"], say);
  return line;
}
