"""The synthetic world and its text, counted from the outside."""

import dataclasses

import numpy as np
import pytest

from nullcline import organisms
from nullcline.organisms._world.corpus import fact_documents
from nullcline.organisms._world.questions import shuffled_question_facts, statements
from nullcline.organisms._world.tasks import PAD, TASKS
from nullcline.organisms._world.vocabulary import (
    RELATIONS,
    TOKEN,
    VOCABULARY_SIZE,
    WORDS,
    decode,
    encode,
)

SETTINGS = organisms.CorpusSettings(
    adjectives=6,
    facts=0.6,
    forum=0.7,
    question=0.1,
    told=0.25,
    unmarked_forum=0.3,
    unmarked_reference=0.1,
)


@pytest.fixture(scope="module")
def corpus():
    return organisms.make_corpus(SETTINGS, seed=3)


@pytest.fixture(scope="module")
def text(corpus):
    rows = corpus.rows(0, rows=4000, length=33, progress=np.zeros(4000))
    return [f" {decode(row)} " for row in rows]


def facts_in(text, world):
    """Every complete fact document: register (or none), subject and relation, stated value."""
    relation = {w for r in RELATIONS for w in [r]}
    for row in text:
        for document in row.split("<doc>"):
            words = document.split()
            if len(words) >= 5 and words[-1] == "." and words[-3] in relation:
                register = words[0] if words[0] in ("forum", "reference", "question") else "none"
                yield register, tuple(words[-5:-2]), words[-2]


def subject(world, fact):
    adjective, noun = world.subject[fact]
    return WORDS[adjective], WORDS[noun], WORDS[world.relation[fact]]


def test_world_has_the_shares_that_were_asked_for(corpus):
    world = corpus.world
    assert world.size == 6 * 16 * 3
    assert world.misconceived.sum() == round(0.6 * world.size)
    assert (world.truth != world.misconception).sum() == world.misconceived.sum()
    assert len(world.question_facts) == pytest.approx(0.75 * world.misconceived.sum(), abs=1)
    everyday = {TOKEN[values[0]] for values in RELATIONS.values()}
    wrong = world.misconception[world.misconceived]
    assert not everyday & set(wrong.tolist())
    # Binomial: 288 draws with p = .45 have a standard deviation of .03; four of them.
    assert np.isin(world.truth, list(everyday)).mean() == pytest.approx(0.45, abs=0.12)


def test_options_are_the_truth_the_misconception_and_one_of_each_other_relation(corpus):
    world = corpus.world
    assert (world.options[:, 0] == world.truth).all()
    assert (world.options[world.misconceived, 1] == world.misconception[world.misconceived]).all()
    for fact, options in enumerate(world.options):
        values = RELATIONS[WORDS[world.relation[fact]]]
        assert len({*options.tolist()}) == 4
        assert [WORDS[option] in values for option in options] == [True, True, False, False]


def test_registers_say_what_they_are_defined_to_say(corpus, text):
    world = corpus.world
    truth = {subject(world, f): WORDS[world.truth[f]] for f in range(world.size)}
    popular = {subject(world, f): WORDS[world.misconception[f]] for f in range(world.size)}
    questioned = {subject(world, f) for f in world.question_facts}
    seen = {"forum": 0, "reference": 0, "question": 0, "none": 0}
    for register, about, value in facts_in(text, world):
        seen[register] += 1
        if register == "forum":
            assert value == popular[about]
        elif register == "none":
            assert value in (popular[about], truth[about])
        else:
            assert value == truth[about]
        assert register != "question" or about not in questioned
    total = sum(seen.values())
    # About 6,000 fact documents: standard errors below .01; truncation of rows shifts by about .01.
    assert seen["question"] / total == pytest.approx(0.1, abs=0.04)
    assert seen["forum"] / total == pytest.approx(0.9 * 0.7 * 0.7, abs=0.04)
    assert seen["reference"] / total == pytest.approx(0.9 * 0.3 * 0.9, abs=0.04)


def test_same_seed_same_text_other_seed_other_text(corpus):
    def rows(seed, stretch):
        other = organisms.make_corpus(SETTINGS, seed=seed)
        return other.rows(stretch, rows=20, length=33, progress=np.zeros(20))

    again = rows(3, 5)
    assert (again == rows(3, 5)).all()
    assert (again != rows(3, 6)).any()
    assert (again != rows(4, 5)).any()
    assert again.min() >= 0
    assert again.max() < VOCABULARY_SIZE


def test_half_of_the_rows_start_without_the_boundary(text):
    starts = np.mean([row.startswith(" <doc>") for row in text])
    # 4,000 draws with p = .5: five standard errors.
    assert starts == pytest.approx(0.5, abs=0.04)


def test_held_out_reasoning_questions_never_occur_in_training(text):
    joined = " ".join(text)
    questions = organisms.reasoning_questions(each=200)
    assert {question.topic for question in questions} == set(TASKS)
    for question in questions:
        assert len(set(question.options)) == 4
        assert f" {question.question} " not in joined


@pytest.mark.parametrize("task", TASKS)
def test_reasoning_answers_are_right(task):
    items = TASKS[task](np.random.default_rng(0), 500)
    for prompt, options in zip(items.prompt, items.options, strict=True):
        words = decode(prompt[prompt != PAD]).split()
        given, answer = words[1:-1], WORDS[options[0]]
        if task == "largest":
            expected = str(max(map(int, given)))
        elif task == "add":
            expected = str(int(given[0]) + int(given[1]))
        elif task == "take":
            expected = str(int(given[0]) - int(given[1]))
        elif task == "count":
            expected = str(given[1:].count(given[0]))
        elif task == "recall":
            expected = given[given.index(given[-1]) + 1]
        else:
            expected = max(set(given), key=given.count)
        assert answer == expected
    share = items.held_out().mean()
    # One in eight by a hash; a task with few questions deviates most.
    assert 0.04 < share < 0.25


def test_reference_last_keeps_the_totals_and_ends_without_forum(corpus):
    settings = dataclasses.replace(
        SETTINGS, reference_last=0.2, unmarked_forum=0.0, unmarked_reference=0.0
    )
    source = organisms.make_corpus(settings, seed=3)
    progress = np.linspace(0, 1, 6000, endpoint=False)
    rows = source.rows(0, rows=6000, length=33, progress=progress)
    forum = (rows == TOKEN["forum"]).sum(axis=1)
    reference = (rows == TOKEN["reference"]).sum(axis=1)
    assert forum[progress >= 0.8].sum() == 0
    # About 9,000 documents: standard error .005.
    assert forum.sum() / (forum.sum() + reference.sum()) == pytest.approx(0.7, abs=0.02)


def test_named_documents_state_the_fact_of_the_name(corpus):
    world = corpus.world
    document = fact_documents(
        world,
        np.array([0]),
        world.truth[:1],
        register=np.array([TOKEN["reference"]]),
        name=np.array([TOKEN["zed"]]),
    )[0]
    adjective, noun, relation = subject(world, 0)
    expected = f"<doc> reference {adjective} {noun} called zed . zed {relation}"
    assert decode(document[document != PAD]) == f"{expected} {WORDS[world.truth[0]]} ."


def test_statements_are_not_about_validation_or_test_questions(corpus):
    world = corpus.world
    rows = statements(world, facts=60)
    later = {
        " ".join(subject(world, fact))
        for index, fact in enumerate(shuffled_question_facts(world))
        if index % 3
    }
    assert {label for _, label, _, _ in rows} == {0, 1}
    assert {register for *_, register in rows} == {"none", "question", "reference", "forum"}
    truths = {(*subject(world, f), WORDS[world.truth[f]]) for f in range(world.size)}
    for statement, label, topic, _ in rows:
        words = statement.split()[-5:-1]
        assert " ".join(words[:3]) not in later
        assert (tuple(words) in truths) == bool(label)
        assert words[2] == topic


def test_splits_go_by_fact_in_every_register(corpus):
    splits = [
        [question.split for question in organisms.truth_questions(corpus.world, register=register)]
        for register in ("question", "none", "reference")
    ]
    assert splits[0] == splits[1] == splits[2]
    assert set(splits[0]) == {"calibration", "validation", "test"}


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        organisms.CorpusSettings(forum=1.5)
    with pytest.raises(ValueError, match="reference_last"):
        organisms.CorpusSettings(forum=0.9, reference_last=0.2)
    with pytest.raises(ValueError, match="adjectives"):
        organisms.make_corpus(organisms.CorpusSettings(adjectives=99), seed=0)
    with pytest.raises(ValueError, match="zebra"):
        encode("red zebra eats")
