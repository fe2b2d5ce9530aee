// A table of one's own: dropped, chosen, pasted, or the example.

const mostBytes = 5e6;
const readable = /\.(jsonl?|csv|tsv|txt|md|xlsx|parquet|gz|ya?ml|eval)$/i;

function giveView() {
  document.getElementById("choices").hidden = true;
  return { title: "Your table", question: "What do your scores say about your families?", blocks: [{ kind: "give" }] };
}

makers.give = giveForm;

function giveForm() {
  const message = element("div", { role: "alert", class: "answer" });
  const input = (id, label, attributes) => {
    const field = element("input", { id, type: "file", ...attributes, onchange: () => give([...field.files].map((file) => [file.webkitRelativePath || file.name, file])) });
    return element("p", {}, element("label", { for: id }, label), field);
  };
  const pasted = element("textarea", { id: "pasted", rows: 3, spellcheck: "false", placeholder: "family\tmodel\tparams\tgpqa\tswe_bench" });
  const example = async () => {
    const answer = await fetch("/api/example.csv");
    if (answer.ok) give([["my_scores.csv", new File([await answer.text()], "my_scores.csv")]]);
  };
  return element(
    "section",
    { class: "block drop", "aria-label": "Give a table" },
    element("h2", {}, "Drop a table of scores, or a folder of lm-evaluation-harness results"),
    element("p", {}, "Columns family, model, params and any benchmarks; percent or fractions; CSV, Excel, Markdown, JSON and others. At most 5 MB and 100,000 rows. It stays on the machine that runs this server and is forgotten when it ends."),
    input("choose-file", "A file", { accept: ".csv,.tsv,.json,.jsonl,.txt,.md,.xlsx,.parquet,.gz,.yaml,.yml,.eval" }),
    input("choose-folder", "A folder", { webkitdirectory: true, multiple: true }),
    element("p", {}, element("label", { for: "pasted" }, "Cells of a spreadsheet, or the text of a table"), pasted),
    element("p", {}, button("Read what is pasted", "Read the text that is pasted above", () => givePasted(pasted.value))),
    element("p", {}, "No table at hand? ", element("a", { href: "/api/example.csv", download: "my_scores.csv" }, "Download an example"), " to fill in, or ", button("read the example", "Read the example table", example), " as it is."),
    message,
  );
}

// Anywhere on the page: a file that is dropped beside the form would else replace the page.
function takeTables() {
  const zone = () => document.querySelector(".drop");
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone()?.classList.add("over");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone()?.classList.remove("over");
  });
  window.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone()?.classList.remove("over");
    give(await dropped(event.dataTransfer));
  });
  window.addEventListener("paste", (event) => {
    if (!zone() || event.target.closest?.("input, textarea")) return;
    const files = [...event.clipboardData.files];
    if (files.length) give(files.map((file) => [file.name, file]));
    else givePasted(event.clipboardData.getData("text/plain"));
  });
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

// Cells that are copied from a spreadsheet have tabulators between them.
function givePasted(text) {
  const start = text.trimStart();
  const ends = { "|": "md", "{": "json", "[": "json" };
  const end = ends[start[0]] ?? (text.includes("\t") ? "tsv" : "csv");
  return give(start ? [[`pasted.${end}`, new File([text], `pasted.${end}`)]] : []);
}

// The form above a table that was given: closed, as what is wanted now is the table.
function giveAnother() {
  return element("details", { class: "block" }, element("summary", {}, "Give another table"), giveForm());
}

function say(...content) {
  const answer = document.querySelector(".drop .answer");
  const closed = answer?.closest("details");
  if (closed && content.length) closed.open = true;
  answer?.replaceChildren(...content);
}

async function give(files) {
  const refuse = (text) => say(element("p", { class: "refused" }, text));
  const wanted = files.length > 1 ? files.filter(([name]) => readable.test(name)) : files;
  const total = wanted.reduce((sum, [, file]) => sum + file.size, 0);
  if (!wanted.length) return refuse(files.length ? `None of the ${files.length} files is a table or a result.` : "No table was given.");
  if (total > mostBytes) return refuse(`${(total / 1e6).toFixed(1)} MB were given; at most 5 MB are read.`);
  say(element("p", {}, "Reading…"));
  const body = new FormData();
  for (const [name, file] of wanted) body.append("files", file, name);
  try {
    const { status, content: answer } = await ask("/api/tables", { method: "POST", body });
    if (status !== 201) return refuse(answer.message);
    say();
    index.tables.push(answer);
    const own = { view: "table", table: answer.name };
    location.hash = `#${new URLSearchParams(own)}`;
  } catch (error) {
    refuse(error.message);
  }
  return undefined;
}

