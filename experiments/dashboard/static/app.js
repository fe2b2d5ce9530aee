// The page: from the address to a view, from a server or from the report's own data.

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let report = null;
let index = null;
let turn = 0;

async function ask(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error("The server does not answer; start nullcline dashboard again and reload this page.");
  });
  const content = await answer.json().catch(() => ({ message: `the server answered ${answer.status}` }));
  return { status: answer.status, content };
}

function showWaiting(progress) {
  const row = document.getElementById("waiting");
  row.hidden = !progress;
  if (!progress) return;
  const bar = document.getElementById("bar");
  bar.max = Math.max(progress.total, 1);
  bar.value = progress.done;
  const part = progress.part || "starting";
  const seconds = progress.seconds >= 1 ? ` for ${Math.floor(progress.seconds)} s` : "";
  document.getElementById("part").textContent = `Computing: ${part}${seconds} · ${progress.done} of ${progress.total} views`;
}

async function loadIndex() {
  if (report) return report.index;
  for (;;) {
    const { status, content } = await ask("/api/index");
    if (content.index) {
      showWaiting(null);
      return content.index;
    }
    if (status !== 200) throw new Error(content.message);
    showWaiting(content.progress);
    await pause(150);
  }
}

// A link to an uploaded table: ask the server for it once. That there is none the view says.
async function knowTable() {
  const name = state().table;
  if (isReport || !name || index.tables.some((table) => table.name === name)) return;
  const { status, content } = await ask(`/api/tables/${encodeURIComponent(name)}`);
  if (status === 200) index.tables.push(content);
  else if (status !== 404) throw new Error(content.message);
}

function queryOf(choice) {
  const query = new URLSearchParams({
    table: choice.table.name,
    reasoning: choice.reasoning,
    truth: choice.truth,
    family: choice.family ?? "",
    penalty: choice.penalty,
    along: choice.along,
    unseen: choice.unseen ?? "",
  });
  if (choice.trained_on) query.set("trained_on", choice.trained_on);
  if (choice.view === "card") {
    query.set("model", choice.model);
    query.set("scores", choice.scores);
  }
  return query;
}

// The view once it is computed, null where nobody wants it any more; `tell` hears how far it is.
async function computed(view, choice, wanted, tell) {
  const query = queryOf(choice);
  for (let waited = 0; ; waited += 1) {
    const { status, content } = await ask(`/api/views/${view}?${query}`);
    if (!wanted()) return null;
    if (status === 200) return content;
    if (status !== 202) throw new Error(content.message);
    tell(content, waited);
    await pause(waited < 10 ? 100 : 250);
  }
}

async function loadView(choice, mine) {
  if (report) {
    const key = { family: `family/${choice.family}`, dynamics: `dynamics/${choice.penalty}`, card: `card/${choice.model}` };
    const view = report.views[key[choice.view] ?? choice.view];
    if (!view) throw new Error("This report does not hold that view.");
    return view;
  }
  const tell = (progress, waited) => {
    if (!waited) meanwhile(choice);
    showWaiting(progress);
  };
  return computed(choice.view, choice, () => mine === turn, tell);
}

// The parts of a section that is computed when it is opened.
async function fillLater(view, inside) {
  const line = element("p", { class: "note", role: "status" }, "Computing…");
  inside.replaceChildren(line);
  const tell = ({ part, seconds }) => {
    line.textContent = `Computing: ${part || "starting"}${seconds >= 1 ? ` for ${Math.floor(seconds)} s` : ""}`;
  };
  try {
    const parts = await computed(view, chosen(index), () => inside.isConnected, tell);
    if (parts) inside.replaceChildren(...parts.blocks.map(show));
  } catch (error) {
    inside.replaceChildren(show({ kind: "notice", tone: "error", title: "This cannot be shown", lines: [error.message] }));
  }
}

function showView(view, mark = "view-painted") {
  document.getElementById("title").textContent = view.title;
  document.getElementById("question").textContent = view.question;
  document.title = `${view.title} · nullcline`;
  document.getElementById("blocks").replaceChildren(...view.blocks.map(show));
  requestAnimationFrame(() => setTimeout(() => performance.mark(mark)));
}

// The new view's name at once, and nothing left of the view before.
function clear(choice) {
  const names = { family: choice.family, table: choice.table.title, card: choice.model };
  const title = names[choice.view] || views.find(([name]) => name === choice.view)[1];
  const skeleton = element("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: 4 }, () => element("span")));
  showView({ title, question: "", blocks: [] }, "title-painted");
  document.getElementById("blocks").append(skeleton);
}

// While phases are computed: the table as it was read, where it is there already.
function meanwhile(choice) {
  const { look, reasoning, truth } = choice.table;
  const first = choice.reasoning === reasoning && choice.truth === truth;
  if (look && first && ["overview", "table"].includes(choice.view)) showView({ ...look, title: choice.view === "table" ? look.title : "Overview" }, "look-painted");
}

async function viewOf(choice, mine) {
  if (choice.unknown.length) return unknownView(choice);
  if (!isReport && choice.view === "table" && !state().table) return giveView();
  if (!isReport && choice.view === "card" && !choice.scores && !choice.model) return typeView();
  return loadView(choice, mine);
}

// What a view of one's own begins with: the place to give another table, or other scores.
function showForm(view) {
  const blocks = document.getElementById("blocks");
  if (isReport) return;
  if (view === "table" && !blocks.querySelector(".drop")) blocks.prepend(giveAnother());
  if (view === "card" && !blocks.querySelector(".typed")) blocks.prepend(scoreForm());
}

// A view that is not about the table that one has given says so. A report tells only where it is.
function markShipped(choice) {
  const said = isReport || choice.table.account ? index.shipped[choice.view] : null;
  const notice = { kind: "notice", tone: "warning", title: "Shipped data", lines: [said] };
  if (said) document.getElementById("blocks").prepend(show(notice));
}

function showFailure(error, choice) {
  const notice = { kind: "notice", tone: "error", title: "This view cannot be shown", lines: [error.message] };
  const read = choice?.view === "table" ? (choice.table.look?.blocks ?? []) : [];
  showView({ title: "Not shown", question: "", blocks: [notice, ...read] });
}

async function refresh() {
  const mine = ++turn;
  const blocks = document.getElementById("blocks");
  blocks.setAttribute("aria-busy", "true");
  let choice = null;
  try {
    await knowTable();
    if (mine !== turn) return;
    choice = chosen(index);
    showNavigation(isReport ? report.present : views.map(([name]) => name), choice.view);
    showChoices(index, choice);
    clear(choice);
    const view = await viewOf(choice, mine);
    if (mine !== turn || !view) return;
    showView(view);
    markShipped(choice);
  } catch (error) {
    if (mine !== turn) return;
    showFailure(error, choice);
  }
  showForm(choice?.view ?? state().view);
  showWaiting(null);
  blocks.setAttribute("aria-busy", "false");
  document.body.dataset.view = String(mine);
}

async function start() {
  document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address holds the state, not an anchor on the page
    document.getElementById("main").focus();
  });
  try {
    if (isReport) report = JSON.parse(await unpack("report-data"));
    index = await loadIndex();
  } catch (error) {
    showView({ title: "nullcline", question: "", blocks: [{ kind: "notice", tone: "error", title: "Nothing can be shown", lines: [error.message] }] });
    return;
  }
  window.addEventListener("hashchange", refresh);
  if (!isReport) takeTables();
  await refresh();
}

start();
