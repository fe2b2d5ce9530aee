// The page: from the address to a view, from a server or from the report's own data.

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let report = null;
let index = null;
let turn = 0;

async function ask(path, options) {
  const answer = await fetch(path, options);
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
  document.getElementById("part").textContent = `${part} · ${progress.done} of ${progress.total} views`;
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

// A link to an uploaded table: ask the server for it once.
async function knowTable() {
  const name = state().table;
  if (report || !name || index.tables.some((table) => table.name === name)) return;
  const { status, content } = await ask(`/api/tables/${encodeURIComponent(name)}`);
  if (status === 200) index.tables.push(content);
  else throw new Error(content.message);
}

async function loadView(choice, mine) {
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
  if (report) {
    const key = { family: `family/${choice.family}`, dynamics: `dynamics/${choice.penalty}`, card: `card/${choice.model}` };
    const view = report.views[key[choice.view] ?? choice.view];
    if (!view) throw new Error("This report does not hold that view.");
    return view;
  }
  for (;;) {
    const { status, content } = await ask(`/api/views/${choice.view}?${query}`);
    if (mine !== turn) return null;
    if (status === 200) return content;
    if (status !== 202) throw new Error(content.message);
    showWaiting(content);
    await pause(200);
  }
}

function showView(view) {
  document.getElementById("title").textContent = view.title;
  document.getElementById("question").textContent = view.question;
  document.title = `${view.title} · nullcline`;
  document.getElementById("blocks").replaceChildren(...view.blocks.map(show));
  requestAnimationFrame(() => setTimeout(() => performance.mark("view-painted")));
}

async function refresh() {
  const mine = ++turn;
  const blocks = document.getElementById("blocks");
  blocks.setAttribute("aria-busy", "true");
  try {
    await knowTable();
    const choice = chosen(index);
    showNavigation(report ? report.present : views.map(([name]) => name), choice.view);
    showChoices(index, choice);
    const dropping = choice.view === "table" && !report;
    const shippedOnly = dropping && !state().table;
    const typing = choice.view === "card" && !report;
    const nobody = typing && !choice.scores && !choice.model;
    const view = shippedOnly ? dropView() : nobody ? typeView() : await loadView(choice, mine);
    if (mine !== turn || !view) return;
    showView(view);
    if (typing && !nobody) blocks.prepend(scoreForm());
    if (dropping && !shippedOnly) blocks.prepend(dropZone());
  } catch (error) {
    if (mine !== turn) return;
    showView({ title: "Not shown", question: "", blocks: [{ kind: "notice", tone: "error", title: "This view cannot be shown", lines: [error.message] }] });
    if (state().view === "table" && !report) blocks.prepend(dropZone());
    if (state().view === "card" && !report) blocks.prepend(scoreForm());
  }
  showWaiting(null);
  blocks.setAttribute("aria-busy", "false");
  document.body.dataset.view = String(mine);
}

function dropView() {
  document.getElementById("choices").hidden = true;
  return {
    title: "Your table",
    question: "What do your scores say about your families?",
    blocks: [{ kind: "drop" }],
  };
}

makers.drop = dropZone;

function dropZone() {
  const message = element("div", { role: "alert" });
  const send = (files) => upload(files, message);
  const input = (id, label, attributes) => {
    const field = element("input", { id, type: "file", ...attributes, onchange: () => send([...field.files].map((file) => [file.webkitRelativePath || file.name, file])) });
    return element("p", {}, element("label", { for: id }, label), field);
  };
  const zone = element(
    "section",
    { class: "block drop", "aria-label": "Give a table" },
    element("h2", {}, "Drop a CSV, or a folder of lm-evaluation-harness results"),
    element("p", {}, "Columns family, model, params and any benchmarks; percent or fractions. At most 5 MB and 100,000 rows. It stays on the machine that runs this server and is forgotten when it ends."),
    input("choose-file", "A file", { accept: ".csv,.tsv,.json,.jsonl,.txt,.md,.xlsx,.parquet,.gz,.yaml,.yml,.eval" }),
    input("choose-folder", "A folder", { webkitdirectory: true, multiple: true }),
    message,
  );
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    send(await dropped(event.dataTransfer));
  });
  return zone;
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file.name, file]);
  const files = [];
  const walk = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      files.push([path + entry.name, file]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!part.length) return;
      for (const child of part) await walk(child, `${path}${entry.name}/`);
    }
  };
  for (const entry of entries) await walk(entry, "");
  return files;
}

async function upload(files, message) {
  const wanted = files.length > 1 ? files.filter(([name]) => /\.(jsonl?|csv|tsv|md|xlsx|parquet|gz|ya?ml|eval)$/.test(name)) : files;
  const total = wanted.reduce((sum, [, file]) => sum + file.size, 0);
  message.replaceChildren();
  const refuse = (text) => message.append(element("p", { class: "refused" }, text));
  if (!wanted.length) return refuse("No file of results was given.");
  if (total > 5e6) return refuse(`${(total / 1e6).toFixed(1)} MB were given; at most 5 MB are read.`);
  message.append(element("p", {}, "Reading…"));
  const body = new FormData();
  for (const [name, file] of wanted) body.append("files", file, name);
  const { status, content: answer } = await ask("/api/tables", { method: "POST", body });
  message.replaceChildren();
  if (status !== 201) return refuse(answer.message);
  index.tables.push(answer);
  location.hash = linkTo({ view: "table", table: answer.name, family: null, reasoning: null, truth: null });
  return undefined;
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
  await refresh();
}

start();
