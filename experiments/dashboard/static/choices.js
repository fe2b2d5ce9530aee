// What is chosen: in the address, so that a link shows the same view.

const views = [
  ["overview", "Overview"],
  ["family", "Family"],
  ["table", "Your table"],
  ["scan", "Every pair"],
  ["card", "One model"],
  ["dynamics", "Dynamics"],
  ["frontier", "Frontier"],
  ["inside", "Inside a model"],
  ["claims", "Claims"],
];
const needs = {
  overview: ["table", "reasoning", "truth"],
  family: ["table", "reasoning", "truth", "family"],
  table: ["table", "reasoning", "truth"],
  scan: ["table"],
  card: ["table", "model"],
  dynamics: ["table", "reasoning", "truth", "along", "penalty", "unseen", "trained_on"],
};
const labels = {
  table: "table",
  reasoning: "reasoning score",
  truth: "truth score",
  family: "family",
  model: "model of the table",
  penalty: "penalty",
  along: "clock",
  unseen: "family predicted unseen",
  trained_on: "trained on",
};
const penaltyNames = { l1: "L1 (sparse)", ridge: "ridge", stlsq: "STLSQ (sparse)" };

const teacherNames = { uniform: "shipped families", own: "this table's own", both: "both" };

function state() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function linkTo(changes) {
  const next = { ...state(), ...changes };
  return `#${new URLSearchParams(Object.entries(next).filter(([, value]) => value !== null))}`;
}

function replaceState(changes) {
  history.replaceState(null, "", linkTo(changes));
}

// The state with every gap filled, from what there is to choose.
function chosen(index) {
  const given = state();
  const known = views.some(([name]) => name === given.view);
  const view = known ? given.view : "overview";
  const table = index.tables.find((one) => one.name === given.table) ?? index.tables[0];
  const pick = (value, options, otherwise) => (options.includes(value) ? value : otherwise);
  const names = table.benchmarks.map(([name]) => name);
  const along = pick(given.along, table.clocks.map(([name]) => name), "params");
  const unseen = table.clocks.find(([name]) => name === along)?.[2] ?? [];
  // The shipped families have no checkpoints, and do not teach what is said of themselves.
  const teachers = along === "params" && table.name !== "uniform" ? index.trained_on : [];
  return {
    view,
    table,
    reasoning: pick(given.reasoning, names, table.reasoning),
    truth: pick(given.truth, names, table.truth),
    family: pick(given.family, table.families, table.families[0]),
    penalty: pick(given.penalty, index.penalties, index.penalties[0]),
    // Scores that were typed go before a model of the table, and name it themselves.
    scores: isReport ? "" : (given.scores ?? ""),
    model: given.scores && !isReport ? (given.model ?? "") : pick(given.model, table.models, isReport ? (table.models[0] ?? "") : ""),
    along,
    unseen: pick(given.unseen, unseen, unseen[0]),
    trained_on: pick(given.trained_on, teachers, teachers.at(-1)),
    options: { unseen, trained_on: teachers },
  };
}

function optionsOf(name, index, choice) {
  const benchmarks = choice.table.benchmarks;
  if (name === "table") return index.tables.map((table) => [table.name, table.title]);
  if (name === "family") return choice.table.families.map((family) => [family, family]);
  if (name === "model") {
    const models = choice.table.models.map((model) => [model, model]);
    return isReport || !models.length ? models : [["", "scores typed below"], ...models];
  }
  if (name === "penalty") return index.penalties.map((penalty) => [penalty, penaltyNames[penalty] ?? penalty]);
  if (name === "along") return choice.table.clocks.map(([clock, title]) => [clock, title]);
  if (name === "unseen") return choice.options.unseen.map((family) => [family, family]);
  if (name === "trained_on") return choice.options.trained_on.map((who) => [who, teacherNames[who] ?? who]);
  const other = name === "reasoning" ? choice.truth : choice.reasoning;
  return benchmarks.filter(([benchmark]) => benchmark !== other);
}

function showChoices(index, choice) {
  const form = document.getElementById("choices");
  const focused = document.activeElement?.id;
  const rows = (needs[choice.view] ?? []).map((name) => {
    const options = optionsOf(name, index, choice);
    const typed = name === "model" && choice.scores;
    const current = name === "table" ? choice.table.name : typed ? "" : choice[name];
    if (options.length < 2) return null;
    const select = element(
      "select",
      {
        id: `choose-${name}`,
        onchange() {
          const changes = { view: choice.view, [name]: select.value };
          const forgotten = { family: null, reasoning: null, truth: null, along: null, unseen: null };
          if (name === "table") Object.assign(changes, forgotten);
          if (name === "along") changes.unseen = null;
          if (name === "model" || (name === "table" && choice.view === "card")) Object.assign(changes, { scores: null });
          if (name === "table") changes.model = null;
          location.hash = linkTo(changes);
        },
      },
      ...options.map(([value, text]) => element("option", { value, selected: value === current }, text)),
    );
    return element("p", {}, element("label", { for: `choose-${name}` }, labels[name]), select);
  });
  form.replaceChildren(...rows.filter(Boolean));
  form.hidden = !form.childElementCount;
  if (focused?.startsWith("choose-")) document.getElementById(focused)?.focus();
}

function showNavigation(names, current) {
  const list = views
    .filter(([name]) => names.includes(name))
    .map(([name, title]) =>
      element(
        "li",
        {},
        element("a", { href: linkTo({ view: name }), "aria-current": name === current ? "page" : null }, title),
      ),
    );
  document.getElementById("views").replaceChildren(...list);
}

