// What the address names and is not there: said, with the nearest name, and never replaced.

const kinds = { view: "view", table: "table", family: "family", model: "model", penalty: "penalty", along: "clock", unseen: "family", trained_on: "teacher", reasoning: "benchmark", truth: "benchmark" };

makers.unknown = (block) =>
  element(
    "section",
    { class: "block notice error", role: "alert" },
    element("h2", {}, "The address names something that is not here"),
    ...block.unknown.map((one) => element("p", {}, ...unknownLine(one, block.choice))),
  );

function unknownView(choice) {
  return { title: "Not shown", question: "", blocks: [{ kind: "unknown", unknown: choice.unknown, choice }] };
}

function unknownLine({ name, value, options }, choice) {
  const place = name === "view" || name === "table" ? "" : ` in ${choice.table.title}`;
  const kept = name === "table" && !isReport ? " (of uploads the latest 16 are kept, until the server ends)" : "";
  const text = `There is no ${kinds[name]} “${value}”${place}${kept}`;
  const near = nearest(value, options);
  const listed = options.slice(0, 12).join(", ") || "none";
  if (!near) return [`${text}; there are ${listed}${options.length > 12 ? ", …" : ""}.`];
  return [`${text}; nearest: `, element("a", { href: linkTo({ [name]: near }) }, near), "."];
}

function nearest(word, options) {
  const wanted = word.toLowerCase();
  const cost = (option) => {
    const there = option.toLowerCase();
    if (wanted.length > 2 && (there.startsWith(wanted) || wanted.startsWith(there))) return 1;
    return distance(wanted, there);
  };
  const most = Math.max(1, Math.floor(0.4 * wanted.length));
  const ranked = options.slice(0, 2000).map((option) => [cost(option), option]).sort(([a], [b]) => a - b);
  return ranked.length && ranked[0][0] <= most ? ranked[0][1] : null;
}

// Letters to be put in, taken out or changed (Levenshtein).
function distance(one, other) {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = above[column - 1] + (one[row - 1] === other[column - 1] ? 0 : 1);
      line.push(Math.min(changed, above[column] + 1, line[column - 1] + 1));
    }
    above = line;
  }
  return above[other.length];
}

