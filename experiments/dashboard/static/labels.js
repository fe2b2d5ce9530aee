// Names at the ends of lines, where they fit: none on another, those that matter most first.

const labelSize = 12;
const measuring = document.createElement("canvas").getContext("2d");

function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

// Boxes about a point at which its name may stand.
function places(x, y, width) {
  const high = labelSize + 4;
  const gap = 9;
  const box = (left, top) => ({ left, top, right: left + width, bottom: top + high });
  return [
    box(x + gap, y - high / 2),
    box(x - gap - width, y - high / 2),
    box(x - width / 2, y - gap - high),
    box(x - width / 2, y + gap),
    box(x + gap - 3, y - gap - high + 3),
    box(x + gap - 3, y + gap - 3),
    box(x - gap + 3 - width, y - gap - high + 3),
    box(x - gap + 3 - width, y + gap - 3),
  ];
}

function wanted(labels, picked) {
  return labels.some((label) => label.name === picked) ? labels.filter((label) => label.name === picked) : labels;
}

// Annotations for the labels that fit, most wanted first; the picked one alone where one is.
function placedLabels(plot, labels, picked) {
  const { xaxis, yaxis } = plot._fullLayout; // plotly's own scale: data to pixels
  const at = (label) => [xaxis.l2p(label.x), yaxis.l2p(label.y)];
  const chosen = wanted(labels, picked);
  const taken = chosen.map((label) => {
    const [x, y] = at(label);
    return { left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 };
  });
  const shown = [];
  for (const label of chosen) {
    measuring.font = `${label.strong ? 600 : 400} ${labelSize}px system-ui, sans-serif`;
    const width = Math.ceil(measuring.measureText(label.name).width) + 6;
    const [x, y] = at(label);
    const inside = ({ left, right, top, bottom }) => left >= 0 && top >= 0 && right <= xaxis._length && bottom <= yaxis._length;
    const free = places(x, y, width).find((box) => inside(box) && !taken.some((other) => overlap(box, other)));
    if (!free) continue;
    taken.push(free);
    shown.push({
      x: label.x,
      y: label.y,
      text: label.text,
      name: label.name,
      captureevents: true,
      showarrow: false,
      xanchor: "left",
      yanchor: "top",
      xshift: free.left - x + 3,
      yshift: y - free.top,
      borderpad: 0,
      font: { size: labelSize, color: colourOf(label.color), weight: label.strong ? 600 : 400 },
    });
  }
  return shown;
}

// Puts the names in, and again whenever the figure has another size or shows another part; what it
// returns puts them in at once.
function keepLabels(plot, block, library, line) {
  let before = "";
  const put = () => {
    const { xaxis, yaxis } = plot._fullLayout;
    const picked = block.picks ? pickedIn(block.picks) : null;
    before = JSON.stringify([xaxis.range, yaxis.range, xaxis._length, yaxis._length]);
    const annotations = placedLabels(plot, block.labels, picked);
    const named = annotations.length;
    const all = block.labels.length;
    line.textContent = named < all && wanted(block.labels, picked).length === all ? `${named} of ${all} lines are named, where there is room; the pointer names the others.` : "";
    library.relayout(plot, { annotations });
  };
  plot.on("plotly_afterplot", () => {
    const { xaxis, yaxis } = plot._fullLayout;
    if (before && before !== JSON.stringify([xaxis.range, yaxis.range, xaxis._length, yaxis._length])) put();
  });
  if (block.picks) plot.on("plotly_clickannotation", ({ annotation }) => highlight(block.picks, annotation.name));
  return put;
}
