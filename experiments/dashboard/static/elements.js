// Elements and files. Every text of a table comes in as text, never as markup.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A long word may break where a reader would: after its signs.
function breakable(text) {
  return text.split(/(?<=\w[:_/-])(?=\w)/).flatMap((part, at) => (at ? [document.createElement("wbr"), part] : [part]));
}

// A sentence in which an option such as --budget stays on one line.
function sentence(text) {
  return text.split(/(--[a-z][\w-]*)/).map((part, at) => (at % 2 ? element("span", { class: "unbroken" }, part) : part));
}

function save(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function saveText(name, text, type) {
  save(name, new Blob([text], { type }));
}

function button(label, spoken, action) {
  return element("button", { type: "button", class: "save", "aria-label": spoken, onclick: action }, label);
}

async function unpack(id) {
  const packed = document.getElementById(id).textContent;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

