// One model: a form for its name and scores, which the address then holds.

const longestName = 200;
const longestScores = 2000;

function typeView() {
  return {
    title: "One model",
    question: "Where does your model lie among the shipped families, and what can one model not say?",
    blocks: [{ kind: "typed" }],
  };
}

makers.typed = scoreForm;

function scoreForm() {
  const given = state();
  const name = element("input", { id: "card-name", type: "text", maxlength: longestName, autocomplete: "off", value: given.model ?? "" });
  const scores = element("textarea", { id: "card-scores", rows: 4, maxlength: longestScores, spellcheck: "false", placeholder: "hellaswag=78.2 truthfulqa_mc2=43.1 params=7B" });
  scores.value = given.scores ?? "";
  const message = element("div", { role: "alert" });
  const form = element(
    "form",
    { class: "block typed", "aria-label": "Scores of one model" },
    element("h2", {}, "Type or paste the scores of one model"),
    element("p", {}, element("label", { for: "card-name" }, "Name"), name),
    element("p", {}, element("label", { for: "card-scores" }, "Scores and size, percent or fractions: one to a line, or apart by blanks"), scores),
    element("p", {}, element("button", { type: "submit", class: "save" }, "Show this model")),
    message,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    message.replaceChildren();
    const text = scores.value.trim();
    if (!text) {
      message.append(element("p", { class: "refused" }, "No score is given."));
      return;
    }
    location.hash = linkTo({ view: "card", table: null, model: name.value.trim() || null, scores: text });
  });
  return form;
}
