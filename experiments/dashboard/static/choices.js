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

// The state with every gap filled, from what there is to choose. What the address names and is not
// there is in `unknown`, for the view to say.
function chosen(index) {
  const given = state();
  const unknown = [];
  const pick = (name, options, otherwise) => {
    const value = given[name];
    if (!value || options.includes(value)) return value || otherwise;
    unknown.push({ name, value, options });
    return otherwise;
  };
  const view = pick("view", views.map(([name]) => name), "overview");
  const tables = index.tables.map((one) => one.name);
  const name = pick("table", tables, tables[0]);
  const table = index.tables.find((one) => one.name === name);
  const names = table.benchmarks.map(([benchmark]) => benchmark);
  // One score that is given may be the other's first choice: the two change places.
  const other = (role, first, second) => (given[role] === first ? second : first);
  const reasoning = pick("reasoning", names, other("truth", table.reasoning, table.truth));
  const truth = pick("truth", names, other("reasoning", table.truth, table.reasoning));
  const along = pick("along", table.clocks.map(([clock]) => clock), "params");
  const unseen = table.clocks.find(([clock]) => clock === along)?.[2] ?? [];
  // The shipped families have no checkpoints, and do not teach what is said of themselves.
  const teachers = along === "params" && table.name !== "uniform" ? index.trained_on : [];
  // Scores that were typed go before a model of the table, and name it themselves.
  const typed = isReport ? "" : (given.scores ?? "");
  const choice = {
    view,
    table,
    reasoning,
    truth,
    family: pick("family", table.families, table.families[0]),
    penalty: pick("penalty", index.penalties, index.penalties[0]),
    scores: typed,
    model: typed ? (given.model ?? "") : pick("model", table.models, isReport ? (table.models[0] ?? "") : ""),
    along,
    unseen: pick("unseen", unseen, unseen[0]),
    trained_on: pick("trained_on", teachers, teachers.at(-1)),
    options: { unseen, trained_on: teachers },
  };
  const needed = ["view", ...(needs[view] ?? [])];
  return { ...choice, unknown: unknown.filter((one) => needed.includes(one.name)) };
}

function optionsOf(name, index, choice) {
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
  return choice.table.benchmarks;
}

// What else changes with a choice, beside itself.
function alsoChanged(name, value, choice) {
  const gone = { family: null, reasoning: null, truth: null, along: null, unseen: null, trained_on: null, model: null };
  if (name === "table") return choice.view === "card" ? { ...gone, scores: null } : gone;
  if (name === "along") return { unseen: null, trained_on: null };
  if (name === "model") return { scores: null };
  // A score that the other has already changes places with it.
  if (name === "reasoning" && value === choice.truth) return { truth: choice.reasoning };
  if (name === "truth" && value === choice.reasoning) return { reasoning: choice.truth };
  return {};
}

function showChoices(index, choice) {
  const form = document.getElementById("choices");
  const focused = document.activeElement?.id;
  const rows = (needs[choice.view] ?? []).map((name) => {
    const unknown = choice.unknown.find((one) => one.name === name);
    const options = [...(unknown ? [[unknown.value, `${unknown.value} (unknown)`]] : []), ...optionsOf(name, index, choice)];
    const typed = name === "model" && choice.scores;
    const current = unknown ? unknown.value : name === "table" ? choice.table.name : typed ? "" : choice[name];
    if (options.length < 2) return null;
    const select = element(
      "select",
      {
        id: `choose-${name}`,
        onchange() {
          const changes = { view: choice.view, [name]: select.value, ...alsoChanged(name, select.value, choice) };
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
  const list = document.getElementById("views");
  const focused = [...list.querySelectorAll("a")].indexOf(document.activeElement);
  const links = views
    .filter(([name]) => names.includes(name))
    .map(([name, title]) =>
      element("a", { href: linkTo({ view: name }), "aria-current": name === current ? "page" : null }, title),
    );
  list.replaceChildren(...links.map((link) => element("li", {}, link)));
  if (focused >= 0) links[focused]?.focus({ preventScroll: true });
}
