// Light and dark: the system's choice, or the reader's, which is remembered. Colours are variables
// of the style sheet; figures name them, and what a variable says is put in when one is drawn.

const themeKey = "nullcline-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const probe = document.createElement("span");
const known = new Map();

function remembered() {
  try {
    return localStorage.getItem(themeKey);
  } catch {
    return null; // a browser may keep nothing for a file
  }
}

function remember(theme) {
  try {
    if (theme) localStorage.setItem(themeKey, theme);
    else localStorage.removeItem(themeKey);
  } catch {
    // then the choice holds for this page
  }
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  known.clear();
  document.getElementById("theme").setAttribute("aria-pressed", String(isDark()));
  document.dispatchEvent(new Event("theme"));
}

// A second click follows the system again.
function switchTheme() {
  const wanted = isDark() ? "light" : "dark";
  const own = wanted === (systemDark.matches ? "dark" : "light") ? null : wanted;
  remember(own);
  showTheme(own);
}

function colourOf(variable) {
  if (!known.has(variable)) {
    if (!probe.isConnected) {
      probe.hidden = true;
      document.body.append(probe);
    }
    probe.style.color = variable;
    known.set(variable, getComputedStyle(probe).color);
  }
  return known.get(variable);
}

// A copy in which each variable has become the colour that it stands for.
function coloured(value) {
  if (typeof value === "string") return /^var\(--[a-z0-9-]+\)$/.test(value) ? colourOf(value) : value;
  if (Array.isArray(value)) return value.every((one) => typeof one === "number" || one === null) ? value : value.map(coloured);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, coloured(one)]));
  return value;
}

const themeGiven = remembered();
showTheme(["dark", "light"].includes(themeGiven) ? themeGiven : null);
document.getElementById("theme").addEventListener("click", switchTheme);
systemDark.addEventListener("change", () => showTheme(document.documentElement.dataset.theme));
