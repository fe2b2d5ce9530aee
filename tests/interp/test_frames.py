"""How questions are put: as they stand, behind TruthfulQA's examples, by a chat template."""

from pathlib import Path
from typing import Any, cast

import pytest
from tiny_models import TEXT, byte_tokenizer, tiny_network

from nullcline import interp
from nullcline.data import shipped
from nullcline.interp._questions.examples import truthfulqa_examples
from nullcline.interp._questions.frame import framed
from nullcline.interp._questions.tokens import encode_pair, encode_question

#: As ChatML, with the tiny tokenizer's own end of a text as the end of a turn.
TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
QUESTION = interp.Question("is iron a metal", ("it is", "it is not"), (True, False), 0)


def model_of(template=None):
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = template
    return interp.build_model(tiny_network("gpt2"), tokenizer, name="tiny")


@pytest.fixture(scope="module")
def tuned():
    return model_of(TEMPLATE)


@pytest.fixture(scope="module")
def plain():
    return model_of()


def asked(model, frame, **changes):
    question = interp.Question(
        QUESTION.prompt, QUESTION.options, QUESTION.right, 0, frame=frame, **changes
    )
    tokens = encode_question(model, question)
    return model.tokenizer.decode([*tokens.context, *tokens.answers[0]])


def test_what_is_read_is_the_question_in_its_frame(tuned):
    assert asked(tuned, "plain") == "is iron a metal it is"
    assert asked(tuned, "chat") == "user: is iron a metal<|end|>\nassistant: it is"
    examples = truthfulqa_examples()
    assert examples is not None
    put = framed(tuned, "Why?", "truthfulqa")
    assert f"{put.text}{put.seam}So." == f"{examples}\n\nQ: Why?\nA: So."
    assert examples.count("Q: ") == examples.count("A: ") == 6


def test_the_examples_are_the_harness_own_and_not_shipped(plain, monkeypatch):
    """Without the harness the frame is refused with the mend, and no default chooses it."""
    assert interp.choose_frame(plain, questions=Path("TruthfulQA_mc.json")) == "truthfulqa"
    assert not list(shipped().rglob("*truthfulqa*.txt"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    truthfulqa_examples.cache_clear()
    try:
        assert interp.choose_frame(plain, questions=Path("TruthfulQA_mc.json")) == "plain"
        with pytest.raises(interp.InterpError, match="pip install lm-eval"):
            framed(plain, "Why?", "truthfulqa")
    finally:
        truthfulqa_examples.cache_clear()


def test_a_cue_stands_before_everything_else(tuned):
    assert asked(tuned, "plain", cue="truly") == "truly is iron a metal it is"
    assert asked(tuned, "chat", cue="truly").startswith("user: truly is iron")
    assert framed(tuned, "Why?", "truthfulqa", cue="truly").text.startswith("truly\n\nQ: What is")


@pytest.mark.parametrize("frame", ["truthfulqa", "chat"])
def test_a_frame_does_not_depend_on_the_last_character(tuned, frame):
    around = {
        framed(tuned, f"Name it{end}", frame).text.replace(f"Name it{end}", "…")
        for end in ("", "?", ".", "!", "\n")
    }
    assert len(around) == 1


def test_no_token_is_put_before_what_a_template_has_written():
    from tokenizers import processors

    tokenizer = byte_tokenizer()
    tokenizer.chat_template = TEMPLATE
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|end|> $A", special_tokens=[("<|end|>", 0)]
    )
    model = interp.build_model(tiny_network("gpt2"), tokenizer)
    assert encode_question(model, QUESTION).context[0] == 0
    tokens = encode_pair(model, interp.Pair("a metal is", "heavy", "light", frame="chat"))
    assert tokens.context[0] != 0


@pytest.mark.parametrize(
    ("template", "file", "frame"),
    [
        (TEMPLATE, "mine.json", "chat"),
        (TEMPLATE, "truthfulqa_mc_task.json", "chat"),
        (TEMPLATE, None, "plain"),
        # A base model may carry a template, whose turns end by a token that ends none of its texts.
        (TEMPLATE.replace("<|end|>", "."), "mine.json", "plain"),
        (TEMPLATE.replace("<|end|>", "."), "TruthfulQA.json", "truthfulqa"),
        (None, "truthful_qa.json", "truthfulqa"),
        (None, "mine.json", "plain"),
    ],
)
def test_the_frame_that_is_chosen_where_nobody_chooses(tmp_path, template, file, frame):
    model = model_of(template)
    path = None if file is None else tmp_path / file
    assert interp.choose_frame(model, questions=path) == frame
    assert interp.prompt_frame(model) == ("chat" if frame == "chat" or file is None else "plain")


def test_a_frame_that_cannot_be_is_one_line(plain):
    with pytest.raises(interp.InterpError, match="has no chat template; take frame='plain'"):
        interp.choose_frame(plain, "chat", questions=None)
    refusing = model_of("{{ raise_exception('only once') }}")
    with pytest.raises(interp.InterpError, match="refuses this: only once"):
        interp.prompt_frame(refusing, "chat")
    assert interp.prompt_frame(refusing) == "plain"


def test_scores_are_those_of_the_framed_text(tuned):
    import dataclasses

    put = dataclasses.replace(QUESTION, frame="chat")
    by_hand = interp.Question(
        "user: is iron a metal<|end|>\nassistant: ", QUESTION.options, QUESTION.right, 0
    )
    found = interp.score_questions(tuned, [put]).log_probabilities[0]
    # The template ends with a blank, so that the seam is the same; both texts are read in one way.
    expected = interp.score_questions(tuned, [by_hand]).log_probabilities[0]
    assert found == pytest.approx(expected, abs=1e-6)
    other = interp.score_questions(tuned, [QUESTION]).log_probabilities[0]
    assert abs(found - other).max() > 1e-3


def test_sets_put_all_their_questions_in_the_frame_and_keep_their_digest(tuned):
    questions = [
        interp.Question(f"is {word} a metal", ("it is", "it is not"), (True, False), 0)
        for word in ("iron", "copper", "a feather", "the river", "the city", "winter")
    ]
    statements = [
        interp.Statement(f"seven is {word} .", word == "large") for word in ("large", "cold")
    ]
    made = {
        frame: interp.truth_sets(statements, questions, neutral=[TEXT], frame=frame)
        for frame in ("plain", "chat")
    }
    assert {q.frame for q in (*made["chat"].questions, *made["chat"].cued)} == {"chat"}
    # What was seen is the question, however it was put.
    assert made["chat"].seen == made["plain"].seen
    assert made["chat"].sha256 != made["plain"].sha256


def test_a_typed_prompt_is_put_in_its_frame(tuned):
    tokens = interp.encode_prompt(tuned, "is iron a metal", frame="chat")
    assert tuned.tokenizer.decode(tokens) == "user: is iron a metal<|end|>\nassistant: "
    with pytest.raises(interp.InterpError, match="empty"):
        interp.encode_prompt(tuned, "", frame="chat")


def test_a_frame_that_was_asked_for_is_taken_if_it_can_be(plain, tuned):
    assert interp.choose_frame(tuned, "plain", questions=None) == "plain"
    assert interp.choose_frame(tuned, "chat", questions=None) == "chat"
    assert interp.prompt_frame(tuned, "plain") == "plain"
    with pytest.raises(interp.InterpError, match=r"no frame 'chatty'; .*chat"):
        interp.choose_frame(plain, cast(Any, "chatty"), questions=None)


@pytest.mark.parametrize(
    "task",
    [
        "doc_to_text: [",  # no YAML
        "- a list",
        "doc_to_text: 5",
        "doc_to_text: \"{% set prompt_qa = 'Q: a\\nA: b' %}\"",  # one pair, and not six
        None,
    ],
)
def test_examples_that_are_written_in_another_way_are_none(tmp_path, monkeypatch, task):
    from importlib.machinery import ModuleSpec

    from nullcline.interp._questions import examples

    path = tmp_path / "tasks" / "truthfulqa" / "truthfulqa_mc1.yaml"
    path.parent.mkdir(parents=True)
    if task is not None:
        path.write_text(task, encoding="utf-8")
    spec = ModuleSpec("lm_eval", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    examples.truthfulqa_examples.cache_clear()
    try:
        assert examples.truthfulqa_examples() is None
        six = "\\n\\n".join(f"Q: {number}\\nA: b" for number in range(6))
        path.write_text(f"doc_to_text: \"{{% set prompt_qa = '{six}' %}}\"", encoding="utf-8")
        examples.truthfulqa_examples.cache_clear()
        found = examples.truthfulqa_examples()
        assert found is not None
        assert found.split("\n\n")[5] == "Q: 5\nA: b"
    finally:
        examples.truthfulqa_examples.cache_clear()
