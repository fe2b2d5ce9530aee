// Figures: plotly draws the traces that Python made.

const isReport = Boolean(document.getElementById("report-data"));
let plotlyReady = null;

function plotly() {
  if (plotlyReady) return plotlyReady;
  if (isReport) {
    plotlyReady = unpack("report-plotly").then((text) => {
      document.head.append(Object.assign(document.createElement("script"), { textContent: text }));
      return window.Plotly;
    });
  } else {
    plotlyReady = new Promise((resolve, reject) => {
      const script = element("script", { src: "/static/plotly.min.js" });
      script.addEventListener("load", () => resolve(window.Plotly));
      script.addEventListener("error", () => reject(new Error("plotly.js could not be loaded")));
      document.head.append(script);
    });
  }
  return plotlyReady;
}

const settings = { responsive: true, displayModeBar: false, scrollZoom: false, doubleClick: "reset" };

function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

const narrowTo = 520;

function narrow(layout, width) {
  // Room for the curve where the page is narrow: a smaller legend below the axis.
  if (width > narrowTo) return layout;
  const legend = { ...layout.legend, y: -0.22, yanchor: "top", font: { size: 11 } };
  return { ...layout, legend, margin: { ...layout.margin, l: Math.min(layout.margin.l, 84), r: 8 } };
}

function figureBlock(block) {
  const plot = element("div", { class: "plot", role: "img", "aria-label": `${block.title}. ${block.alt}`, "data-picks": block.picks });
  plot.style.height = `${block.height}px`;
  const labelled = block.labels.length ? element("p", { class: "note" }) : null;
  let now = null;
  let putLabels = null;
  const draw = async (traces) => {
    now = traces;
    await painted(); // the numbers first: plotly.js takes the page for a second
    const library = await plotly();
    if (!plot.isConnected) return;
    const shown = block.picks ? withPick(traces, pickedIn(block.picks)) : traces;
    await library.react(plot, coloured(shown), coloured(narrow(block.layout, plot.clientWidth)), settings);
    if (!plot.dataset.drawn) {
      if (block.opens) opensPair(plot, block.opens);
      if (block.picks) plot.on("plotly_click", ({ points: [{ data, pointNumber }] }) => data.meta && highlight(block.picks, data.meta[pointNumber]));
    }
    if (labelled) {
      putLabels = putLabels ?? keepLabels(plot, block, library, labelled);
      putLabels();
    }
    plot.dataset.drawn = String(Number(plot.dataset.drawn || 0) + 1);
  };
  const picture = async (format) => {
    const library = await plotly();
    const size = { width: Math.max(plot.clientWidth, 640), height: plot.clientHeight };
    const url = await library.toImage(plot, { format, scale: format === "png" ? 2 : 1, ...size });
    const content = url.slice(url.indexOf(",") + 1);
    if (format === "svg") return saveText(`${block.name}.svg`, decodeURIComponent(content), "image/svg+xml");
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    return save(`${block.name}.png`, new Blob([bytes], { type: "image/png" }));
  };
  const tools = element(
    "p",
    { class: "tools" },
    button("PNG", `Save as PNG: ${block.title}`, () => picture("png")),
    button("SVG", `Save as SVG: ${block.title}`, () => picture("svg")),
    csvButton(block),
  );
  const steps = block.steps ? slider(block, draw) : null;
  const traces = steps ? steps.traces() : block.traces;
  const shown = element(
    "figure",
    { class: "block" },
    element("div", { class: "top" }, element("h2", {}, block.title), tools),
    steps ? steps.row : null,
    plot,
    element("figcaption", {}, ...[block.note, block.source].filter(Boolean).map((text) => element("p", { class: "note" }, ...sentence(text))), labelled, block.picks ? pickLine(block) : null),
  );
  const attempt = () => draw(now ?? traces).catch((error) => plot.replaceChildren(String(error.message)));
  // Between a narrow and a wide page plotly keeps the room that the legend had: begin again.
  const anew = () => {
    window.Plotly.purge(plot);
    delete plot.dataset.drawn;
    putLabels = null;
    attempt();
  };
  whenSeen(plot, () => {
    attempt();
    follow(plot, block.picks ? ["theme", "pick"] : ["theme"], attempt);
    let before = plot.clientWidth <= narrowTo;
    new ResizeObserver(() => {
      const now = plot.clientWidth <= narrowTo;
      if (now !== before && plot.dataset.drawn) anew();
      before = now;
    }).observe(plot);
  });
  return shown;
}

function opensPair(plot, { view, x, y }) {
  plot.on("plotly_click", ({ points: [point] }) => {
    if (point.x !== point.y) location.hash = linkTo({ view, [x]: point.x, [y]: point.y });
  });
}

function whenSeen(plot, action) {
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      action();
    },
    { rootMargin: "600px" },
  );
  watcher.observe(plot);
}

function slider(block, draw) {
  const steps = block.steps;
  const last = steps.labels.length - 1;
  const wanted = Number.parseInt(state()[steps.state] ?? "", 10);
  let at = wanted >= 0 && wanted <= last ? wanted : steps.at;
  const traces = () => [...block.traces.slice(0, steps.fixed), ...steps.traces[at]];
  const id = `slider-${block.name}`;
  const output = element("output", { for: id }, steps.labels[at]);
  const input = element("input", {
    id,
    type: "range",
    min: 0,
    max: last,
    step: 1,
    value: at,
    "aria-valuetext": steps.labels[at],
    oninput() {
      at = Number(input.value);
      output.textContent = steps.labels[at];
      input.setAttribute("aria-valuetext", steps.labels[at]);
      replaceState({ [steps.state]: String(at) });
      draw(traces());
    },
  });
  const row = element("p", { class: "slider" }, element("label", { for: id }, steps.label), input, output);
  return { row, traces };
}

function csvButton(block) {
  if (!block.csv) return null;
  const label = `Save the data as CSV: ${block.title || block.csv.name}`;
  return button("CSV", label, () => saveText(block.csv.name, block.csv.text, "text/csv"));
}

