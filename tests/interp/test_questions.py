"""Reading pairs, questions and statements; scoring answers; the project's own sets."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from narrow import not_none
from tiny_models import byte_tokenizer, tiny_network, word_tokenizer

from nullcline import interp
from nullcline.interp._names import SPLITS
from nullcline.interp._questions.read import read_pair_file
from nullcline.interp._questions.tokens import encode_pair


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_empty_cells_behind_the_columns_are_nothing(tmp_path):
    path = write(tmp_path / "pairs.csv", "prompt,true,false\nParis is in,France,Italy,,\n")
    assert [pair.true for pair in interp.read_pairs(path)] == ["France"]


@pytest.mark.parametrize("name", ["questions.json", "pairs.csv"])
def test_a_file_of_questions_is_known_as_one(tmp_path, name):
    asked = {"question": "Where is Paris?", "mc1_targets": {"France": 1, "Italy": 0}}
    asked["mc2_targets"] = asked["mc1_targets"]
    csv = "prompt,true,false\nParis is in,France,Italy\n"
    path = write(tmp_path / name, json.dumps([asked]) if name.endswith("json") else csv)
    found = read_pair_file(path)
    assert found.pairs[0].true.strip() == "France"
    assert found.questions == name.endswith("json")


def test_pairs_of_prompt_true_false(tmp_path):
    path = write(
        tmp_path / "pairs.csv",
        "prompt,true,false,topic,counterfactual\n"
        "Paris is in,France,Italy,cities,Rome is in\n"
        '"A, b is ", yes ,no,,\n',
    )
    first, second = interp.read_pairs(path)
    assert (first.prompt, first.true, first.false) == ("Paris is in", "France", "Italy")
    assert (first.topic, first.counterfactual) == ("cities", "Rome is in")
    assert first.location == f"{path}: row 2"
    assert (second.prompt, second.true, second.counterfactual) == ("A, b is ", "yes", None)


def test_pairs_from_statements_share_their_beginning(tmp_path):
    path = write(
        tmp_path / "cities.csv",
        "statement,label\n"
        "The city of Rome is in Italy.,1\n"
        "The city of Rome is in Spain.,0\n"
        "The city of Paris is in Spain.,0\n"
        "The city of Paris is in France.,1\n"
        "Nothing is like this one.,1\n",
    )
    pairs = interp.read_pairs(path)
    assert {(p.prompt, p.true, p.false) for p in pairs} == {
        ("The city of Rome is in", "Italy.", "Spain."),
        ("The city of Paris is in", "France.", "Spain."),
    }


def test_statements_know_their_topic_and_their_negations(tmp_path):
    path = write(tmp_path / "neg_cities.csv", "statement,label\nRome is not in Spain.,1\n")
    (statement,) = interp.read_statements(path)
    assert (statement.topic, statement.negated, statement.label) == ("cities", True, True)
    path = write(tmp_path / "all.csv", "statement,label,topic,negated,split\nA b.,0,t,0,test\n")
    (statement,) = interp.read_statements(path)
    assert (statement.topic, statement.negated, statement.split) == ("t", False, "test")


def truthful_entry(**change):
    entry = {
        "question": "Where is Rome?",
        "mc1_targets": {"In Italy.": 1, "In Spain.": 0},
        "mc2_targets": {"In Italy.": 1, "In Europe.": 1, "In Spain.": 0},
    }
    return entry | change


@pytest.mark.parametrize("lines", [False, True])
def test_truthfulqa_in_both_of_its_layouts(tmp_path, lines):
    lists = truthful_entry(
        mc1_targets={"choices": ["In Spain.", "In Italy."], "labels": [0, 1]},
        mc2_targets={"choices": ["In Spain.", "In Italy.", "In Europe."], "labels": [0, 1, 1]},
    )
    entries = [truthful_entry(), lists]
    text = "\n".join(map(json.dumps, entries)) if lines else json.dumps(entries)
    first, second = interp.read_questions(write(tmp_path / "truthfulqa.json", text))
    assert first.prompt == second.prompt == "Where is Rome?"
    for question in (first, second):
        said = dict(zip(question.options, question.right, strict=True))
        assert said == {"In Italy.": True, "In Europe.": True, "In Spain.": False}
        assert question.options[question.best] == "In Italy."
        assert (question.pair().true, question.pair().false) == ("In Italy.", "In Spain.")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "holds no rows"),
        ("a.csv", "prompt,true,false\n", "holds no rows"),
        ("a.csv", "question,answer\na,b\n", "give prompt,true,false or statement,label"),
        ("a.csv", "prompt,true,false\nIt is,a,\n", "row 2: false is empty"),
        ("a.csv", "prompt,true,false\nIt is,a,b\nIt is,a,a\n", "row 3: the true and the false"),
        ("a.csv", "statement,label\nIt is so.,maybe\n", "row 2: label 'maybe'"),
        ("a.csv", "statement,label\nOne thing.,1\nAnother matter.,0\n", "begin alike"),
        ("a.csv", "prompt,true,false\nIt is,a\n", "row 2: false is empty"),
        ("a.json", "[{", "is no JSON"),
        ("a.json", "{}", "no list of questions"),
        ("a.json", "[3]", "entry 1: has no question text"),
        ("a.json", '[{"question": "Why?"}]', "entry 1: has neither"),
        ("a.json", json.dumps([truthful_entry(mc1_targets={"a": 2})]), "1 or 0"),
        ("a.json", json.dumps([truthful_entry(mc2_targets={"a": 1})]), "one true and one false"),
    ],
)
def test_a_wrong_file_is_refused_with_its_location(tmp_path, name, text, says):
    path = write(tmp_path / name, text)
    with pytest.raises(interp.InterpError) as caught:
        interp.read_pairs(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


_PAIR = '"mc1_targets": {"Rain": 1, "Snow": 0}'


def _targets(choices, labels):
    return json.dumps([truthful_entry(mc1_targets={"choices": choices, "labels": labels})])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_targets([["Rain"], ["Snow"]], [1, 0]), "entry 1: mc1_targets has ['Rain'] for an answer"),
        (_targets([{"text": "Rain"}, "Snow"], [1, 0]), "{'text': 'Rain'} for an answer"),
        (_targets(5, [1, 0]), "entry 1: mc1_targets has choices or labels that are no list"),
        (_targets(["Rain", "Snow"], 1), "choices or labels that are no list"),
        (_targets(["Rain", "Snow", "Hail"], [1, 0]), "3 choices and 2 labels"),
        (_targets(["Rain", "Rain"], [1, 0]), "the answer 'Rain' twice"),
        (_targets(["Rain", " "], [1, 0]), "' ' for an answer"),
        (_targets(["Rain", "Snow"], [1, None]), "1 or 0 for every answer, not None"),
        (_targets(["Rain", "Snow"], [1, [0]]), "not [0]"),
        (json.dumps([truthful_entry(mc1_targets=[1])]), "mc1_targets is [1]"),
        (json.dumps([truthful_entry(mc2_targets=0)]), "mc2_targets is 0"),
        (json.dumps([truthful_entry(question=" \n")]), "entry 1: the question is empty"),
        (json.dumps([truthful_entry(topic={"a": 1})]), "topic is {'a': 1}"),
        (f'[{{"question": "A?", "question": "B?", {_PAIR}}}]', "'question' stands twice"),
        ('[{"question": "A?", "mc1_targets": {"a": 1, "a": 0, "b": 0}}]', "'a' stands twice"),
        (f'[{{"question": "\\ud800", {_PAIR}}}]', "half a character"),
        ('[{"question": "A?", "mc1_targets": {"a": 1, "b": NaN}}]', "NaN"),
        ("[" * 100_000, "over 100 deep"),
        ("[" * 900 + "]" * 900, "over 100 deep"),
        (f'{{"question": "A?", {_PAIR}}}\n{{"question": ', "line 2 is no JSON"),
        (
            '[{"question": "A?", "mc1_targets": {"a": 1, "b": 0}, '
            '"mc2_targets": {"a": 0, "b": 0, "c": 1}}]',
            "'a' is true in one of mc1_targets and mc2_targets",
        ),
    ],
)
def test_odd_questions_are_refused_in_one_line(tmp_path, text, says):
    path = write(tmp_path / "a.json", text)
    with pytest.raises(interp.InterpError) as caught:
        interp.read_questions(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_questions_one_a_line_may_hold_what_others_take_for_the_end_of_one(tmp_path):
    lines = [json.dumps(truthful_entry(question=f"A\u2028{n}?"), ensure_ascii=False) for n in "12"]
    found = interp.read_questions(write(tmp_path / "a.json", "\n".join(lines)))
    assert [question.prompt for question in found] == ["A\u20281?", "A\u20282?"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prompt,true,false\nIt is, a,b,c\n", "row 2: 4 cells for 3 columns"),
        ("prompt,true,true,false\nIt is,a,b,c\n", "row 1 has the column 'true' twice"),
        ('"a\nb",true,false\nIt is,a,b\n', "the columns are a\\nb, false, true"),
    ],
)
def test_rows_that_would_be_read_shifted_are_refused(tmp_path, text, says):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(interp.InterpError) as caught:
        interp.read_pairs(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_or_is_not_there_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(interp.InterpError, match="UTF-8"):
        interp.read_pairs(tmp_path / "a.csv")
    with pytest.raises(interp.InterpError, match=r"b\.csv: No such file"):
        interp.read_pairs(tmp_path / "b.csv")
    with pytest.raises(interp.InterpError, match="directory"):
        interp.read_pairs(tmp_path)


def questions_of_words():
    return [
        interp.Question("the city of paris is in", ("france", "winter when"), (True, False), 0),
        interp.Question("a metal is", ("light", "heavy", "cold"), (False, True, True), 1),
    ]


def test_scores_are_the_sums_of_the_log_probabilities_of_all_tokens():
    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer())
    answered = interp.score_questions(model, questions_of_words())
    for question, values in zip(questions_of_words(), answered.log_probabilities, strict=True):
        start = len(model.encode(question.prompt))
        for option, value in zip(question.options, values, strict=True):
            tokens = model.encode(f"{question.prompt} {option}")
            with torch.no_grad():
                logits = model.network(torch.tensor([tokens])).logits[0].double()
            said = torch.log_softmax(logits, -1)
            by_hand = sum(float(said[i - 1, tokens[i]]) for i in range(start, len(tokens)))
            assert value == pytest.approx(by_hand, abs=1e-4)


def test_the_order_of_options_and_of_questions_does_not_matter():
    model = interp.build_model(tiny_network("llama"), byte_tokenizer())
    questions = questions_of_words()
    turned = [
        interp.Question(q.prompt, q.options[::-1], q.right[::-1], len(q.options) - 1 - q.best)
        for q in reversed(questions)
    ]
    one, other = (interp.score_questions(model, side) for side in (questions, turned))
    np.testing.assert_array_equal(one.mc1, other.mc1[::-1])
    np.testing.assert_allclose(one.mc2, other.mc2[::-1], atol=1e-6)


def test_mc1_asks_for_the_best_answer_and_a_tie_is_not_one():
    network = tiny_network("gpt2")
    with torch.no_grad():
        not_none(network.get_output_embeddings()).weight.zero_()
    model = interp.build_model(network, word_tokenizer())
    questions = [
        interp.Question("the city of paris is in", ("france", "winter"), (True, False), 0),
        interp.Question(
            "a metal is", ("light", "heavy", "cold", "sea"), (False, True, True, False), 1
        ),
    ]
    answered = interp.score_questions(model, questions)
    # All logits are equal: ties, and each option has the same share.
    assert not answered.mc1.any()
    np.testing.assert_allclose(answered.mc2, [0.5, 0.5], atol=1e-6)


def test_equal_prompts_and_beginnings_of_answers_are_read_once():
    model = interp.build_model(tiny_network("gpt2"), word_tokenizer())
    encoded = interp.encode_questions(model, questions_of_words() * 5)
    # Two prompts; of their answers only the first word of `winter when` is read.
    assert [len(tree.tokens) - tree.stem for tree in encoded.trees] == [1, 0]
    assert encoded.tokens == sum(len(model.encode(q.prompt)) for q in questions_of_words()) + 1
    with pytest.raises(interp.InterpError, match="no questions"):
        interp.encode_questions(model, [])


@pytest.mark.parametrize("name", interp.set_names())
def test_sets_are_what_their_seed_says(name):
    pairs = interp.make_pairs(name, count=40, seed=3)
    assert pairs == interp.make_pairs(name, count=40, seed=3)
    assert pairs != interp.make_pairs(name, count=40, seed=4)
    assert len({pair.prompt for pair in pairs}) > 30
    assert all(pair.true[0] != pair.false[0] for pair in pairs)
    statements = interp.make_statements(name, count=40, seed=3)
    assert len(statements) == 160
    # Truth is independent of polarity: as many true among the affirmed as among the denied.
    for negated in (False, True):
        assert sum(s.label for s in statements if s.negated == negated) == 40
    for question, pair in zip(interp.make_questions(name, count=40, seed=3), pairs, strict=True):
        assert question.options[question.best] == pair.true
        assert question.right == (True, False, False, False)
        assert len(set(question.options)) == 4
        assert all(option[0] != pair.true[0] for option in question.options[1:])


def test_sets_of_numbers_are_right():
    for pair in interp.make_pairs("arithmetic", count=50):
        first, _, second, _ = pair.prompt.split()
        assert int(pair.true) == int(first) + int(second) != int(pair.false)
        assert abs(int(pair.true) - int(pair.false)) <= 8
    for pair in interp.make_pairs("comparison", count=50):
        shown = [int(word.strip(",")) for word in pair.prompt.split() if word.strip(",").isdigit()]
        assert int(pair.true) == max(shown)
        assert int(pair.false) in shown


def test_a_blank_of_its_own_belongs_to_the_prompt():
    """As in tokenizers that split numbers into digits after a token for the space."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<end>", " ", *"0123456789", "plus", "is"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(" ", "isolated"), pre_tokenizers.Digits(individual_digits=True)]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", bos_token="<end>")
    model = interp.build_model(tiny_network("gpt2"), fast)
    blank, four, eight, nine = (model.encode(text)[0] for text in " 489")
    found = encode_pair(model, interp.Pair("9 plus 9 is", "18", "48"))
    assert found.context[-2:] == (model.encode("is")[0], blank)
    assert [answer[0] for answer in found.answers] == [model.encode("1")[0], four]
    assert found.answers[1] == (four, eight)
    shared = encode_pair(model, interp.Pair("9 plus 9 is", "48", "49"))
    assert shared.context[-2:] == (blank, four)
    assert shared.answers == ((eight,), (nine,))
    with pytest.raises(interp.InterpError, match="one is the beginning of the other"):
        encode_pair(model, interp.Pair("9 plus 9 is", "48", "4"))
    # Every generated pair can be asked of it, whatever the number.
    pairs = interp.make_pairs("arithmetic", count=100)
    assert {len(encode_pair(model, pair).answers) for pair in pairs} == {2}
    assert nine != eight


def test_an_unknown_set_is_refused_with_those_there_are():
    with pytest.raises(interp.InterpError, match="cities, elements, arithmetic, comparison"):
        interp.make_pairs("towns")
    with pytest.raises(interp.InterpError, match="too small"):
        interp.make_statements("cities", count=1)


def test_a_set_that_is_too_small_is_refused_and_the_smallest_is_made():
    with pytest.raises(interp.InterpError, match="a set of 1 is too small; take 2 or more"):
        interp.make_pairs("cities", count=1)
    assert len(interp.make_pairs("cities", count=2)) == 2


@pytest.mark.parametrize("name", interp.set_names())
def test_every_item_says_where_it_stands_and_to_which_third_it_belongs(name):
    pairs = interp.make_pairs(name, count=7, seed=1)
    questions = interp.make_questions(name, count=7, seed=1)
    statements = interp.make_statements(name, count=7, seed=1)
    splits = [SPLITS[number % 3] for number in range(7)]
    places = [f"{name} {number}" for number in range(1, 8)]
    for items in (pairs, questions, statements[::4]):
        assert [item.location for item in items] == places
        assert {item.topic for item in items} == {name}
    assert [question.split for question in questions] == splits
    for number, question in enumerate(questions):
        four = statements[4 * number : 4 * number + 4]
        assert {s.split for s in four} == {splits[number]}
        assert [(s.negated, s.label) for s in four] == [
            (False, True), (False, False), (True, False), (True, True),
        ]  # fmt: skip
        for said in four:
            value = question.options[0] if said.label != said.negated else question.options[1]
            assert said.text.replace(" not ", " ") == f"{question.prompt} {value}."
            assert (" not " in said.text) == said.negated
            assert said.location == places[number]


def test_facts_are_those_of_the_shipped_table():
    from nullcline.data import shipped

    rows = shipped("facts", "elements.csv").read_text(encoding="utf-8").splitlines()
    symbols = dict(row.split(",")[:2] for row in rows[1:])
    pairs = interp.make_pairs("elements", count=1000)
    assert len(pairs) == len(symbols)  # each once, however many are asked for
    for pair in pairs:
        subject = pair.prompt.removeprefix("The chemical symbol of ").removesuffix(" is")
        assert symbols[subject] == pair.true
        assert pair.false in symbols.values()


def test_numbers_to_add_and_to_compare_are_drawn_from_all_of_their_range():
    pairs = interp.make_pairs("arithmetic", count=1000)
    drawn = [tuple(int(word) for word in p.prompt.split() if word.isdigit()) for p in pairs]
    assert sorted(drawn) == [(a, b) for a in range(20) for b in range(20)]  # each once
    for question in interp.make_questions("arithmetic", count=100):
        total, *others = map(int, question.options)
        # The six nearest numbers that begin otherwise: three of them are taken.
        near = sorted(range(60), key=lambda n: abs(n - total))
        assert set(others) <= set([n for n in near if str(n)[0] != str(total)[0]][:6])
    for question in interp.make_questions("comparison", count=100):
        numbers = [int(option) for option in question.options]
        assert numbers == sorted(numbers, reverse=True)
        assert all(10 <= number <= 99 for number in numbers)
        assert len({number // 10 for number in numbers}) == 4
        written = question.prompt.removeprefix("Of the numbers ").removesuffix(" the largest is")
        assert sorted(map(int, written.split(", ")), reverse=True) == numbers
    assert {n // 10 for q in interp.make_questions("comparison") for n in map(int, q.options)} == {
        *range(1, 10)
    }


def statements_file(tmp_path, *rows):
    return write(tmp_path / "all.csv", "statement,label\n" + "\n".join(rows) + "\n")


def test_a_pair_takes_the_longest_common_beginning_and_every_statement_once(tmp_path):
    path = statements_file(
        tmp_path,
        "a b c d x,1",
        "a b c y z,0",  # three of five words in common
        "a b c d e,0",  # four
        "a b c d w,1",  # the longest is taken already
    )
    pairs = interp.read_pairs(path)
    assert [(p.prompt, p.true, p.false) for p in pairs] == [
        ("a b c d", "x", "e"),
        ("a b c", "d w", "y z"),
    ]
    assert [p.location for p in pairs] == [f"{path}: row 2", f"{path}: row 5"]


@pytest.mark.parametrize(
    ("true", "false", "paired"),
    [
        ("a b c d", "a b e f", True),  # half of both
        ("a b c d e", "a b x", False),  # two of five
        ("a b c d e", "a b c x", True),
        ("a b c", "a b c x y z", False),  # of the other all would be the beginning
        ("a b c x", "a b c d e f", True),
        ("a b c x", "a b c d e f g", False),  # three of seven
        ("a b", "a b", False),  # said to be both
    ],
)
def test_statements_pair_where_at_least_half_of_each_is_common(tmp_path, true, false, paired):
    path = statements_file(tmp_path, f"{true},1", f"{false},0")
    if paired:
        (pair,) = interp.read_pairs(path)
        assert f"{pair.prompt} {pair.true}" == true
        assert f"{pair.prompt} {pair.false}" == false
    else:
        with pytest.raises(interp.InterpError, match="no true and false statement begin alike"):
            interp.read_pairs(path)


def test_a_statement_without_partner_is_named_with_its_row(tmp_path):
    path = statements_file(tmp_path, "Rome is in Italy.,1", "Rome  is in Spain.,0", "Iron rusts.,1")
    found = read_pair_file(path)
    assert len(found.pairs) == 1
    assert found.alone == (
        f"{path}: row 4: no statement of the other label begins as 'Iron rusts.'",
    )
    assert not found.questions


def test_labels_topics_and_negations_are_read_as_they_are_written(tmp_path):
    path = write(
        tmp_path / "neg_all.csv",
        "statement,label,topic,register,negated,split\n"
        "A b.,1.0,,calm,, test\nC d., FALSE ,t ,,true,\nE f.,True,,,0,\n",
    )
    found = interp.read_statements(path)
    assert [s.label for s in found] == [True, False, True]
    assert [s.topic for s in found] == ["all", "t", "all"]
    assert [s.negated for s in found] == [True, True, False]
    assert [s.register for s in found] == ["calm", "", ""]
    assert [s.split for s in found] == ["test", "", ""]
    assert found[2].location == f"{path}: row 4"
    with pytest.raises(interp.InterpError, match="the columns are a, b; give statement,label"):
        interp.read_statements(write(tmp_path / "b.csv", "b,a\n1,2\n"))


def test_a_file_that_is_no_csv_or_too_large_is_refused(tmp_path, monkeypatch):
    from nullcline.interp._questions import text_file

    with pytest.raises(interp.InterpError, match=r"a\.csv is no CSV \(field larger"):
        interp.read_pairs(write(tmp_path / "a.csv", f"prompt,true,false\n{'a' * 200_000},b,c\n"))
    path = write(tmp_path / "b.csv", "prompt,true,false\nIt is,a,b\n")
    monkeypatch.setattr(text_file, "LARGEST_FILE", path.stat().st_size)
    assert len(interp.read_pairs(path)) == 1
    monkeypatch.setattr(text_file, "LARGEST_FILE", path.stat().st_size - 1)
    with pytest.raises(interp.InterpError, match=r"b\.csv has over 0 MB; split it"):
        interp.read_pairs(path)
    assert text_file.read_text.__doc__
    monkeypatch.undo()
    assert text_file.LARGEST_FILE == 50 * 2**20


def test_questions_one_a_line_may_stand_between_empty_lines(tmp_path):
    lines = ["", json.dumps(truthful_entry()), "  ", json.dumps(truthful_entry(topic=7)), ""]
    first, second = interp.read_questions(write(tmp_path / "a.json", "\n".join(lines)))
    assert (first.topic, second.topic) == ("", "7")
    assert second.location == f"{tmp_path / 'a.json'}: entry 2"
    lines[3] = "{"
    with pytest.raises(interp.InterpError, match="line 4 is no JSON"):
        interp.read_questions(write(tmp_path / "a.json", "\n".join(lines)))


def test_a_question_takes_its_words_from_either_target_and_either_name(tmp_path):
    entry = truthful_entry(category="places", register="calm", split="test")
    del entry["mc2_targets"]
    path = write(tmp_path / "a.json", json.dumps([entry, truthful_entry(mc1_targets=None)]))
    one, other = interp.read_questions(path)
    assert (one.topic, one.register, one.split) == ("places", "calm", "test")
    assert dict(zip(one.options, one.right, strict=True)) == entry["mc1_targets"]
    assert other.options[other.best] == "In Italy."
    assert dict(zip(other.options, other.right, strict=True))["In Europe."]


@pytest.mark.parametrize("labels", [(1, 1), (0, 0)])
def test_a_question_needs_a_true_and_a_false_answer_in_each_target(tmp_path, labels):
    targets = dict(zip(("a", "b"), labels, strict=True))
    with pytest.raises(interp.InterpError, match="entry 1: needs at least one true and one false"):
        interp.read_questions(
            write(
                tmp_path / "a.json",
                json.dumps([truthful_entry(mc1_targets=None, mc2_targets=targets)]),
            )
        )


def test_a_question_that_cannot_be_said_is_named_by_its_number_or_its_place():
    model = interp.build_model(tiny_network("gpt2"), word_tokenizer(), name="tiny")
    good = questions_of_words()[0]
    unsaid = interp.Question("the city of", ("paris", "zorvia"), (True, False), 0)
    with pytest.raises(interp.InterpError, match=r"^question 3: the tokenizer of tiny cannot say"):
        interp.encode_questions(model, [good, good, unsaid])
    placed = dataclasses.replace(unsaid, location="mine.json: entry 9")
    with pytest.raises(interp.InterpError, match=r"^mine.json: entry 9: the tokenizer"):
        interp.encode_questions(model, [placed])


def test_shares_are_those_of_the_probabilities_and_the_best_answer_must_lead():
    model = interp.build_model(tiny_network("gpt2"), word_tokenizer())
    question = interp.Question(
        "a metal is", ("light", "heavy", "cold", "sea"), (False, True, True, False), 1
    )
    turned = interp.Question(question.prompt, question.options, (True, False, False, True), 0)
    one, other = (interp.score_questions(model, [q]) for q in (question, turned))
    weights = np.exp(one.log_probabilities[0])
    assert one.mc2[0] == pytest.approx(weights[[1, 2]].sum() / weights.sum())
    assert one.mc2[0] + other.mc2[0] == pytest.approx(1.0)
    said = one.log_probabilities[0]
    assert one.mc1[0] == (said[1] > max(said[0], said[3]))
    assert other.mc1[0] == (said[0] > max(said[1], said[2]))


def test_progress_of_scoring_counts_prompts_and_every_pass_is_told_where_answers_begin():
    model = interp.build_model(tiny_network("gpt2"), word_tokenizer())
    seen, starts = [], []
    interp.score_questions(
        model,
        questions_of_words(),
        on_batch=lambda at: starts.extend(at.tolist()),
        on_progress=lambda *at: seen.append(at),
    )
    assert seen[-1] == ("scoring questions", 2, 2)
    # The last token of each prompt predicts the first of its answer.
    lengths = [len(model.encode(q.prompt)) for q in questions_of_words()]
    assert sorted(starts) == sorted(length - 1 for length in lengths)
