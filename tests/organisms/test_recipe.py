"""Recipes: what the shipped ones promise, and what is refused."""

import dataclasses
import math
import time

import pytest

from nullcline import organisms

MINI = {"name": "x", "description": "", "widths": [8, 16]}


@pytest.mark.parametrize("name", organisms.list_recipes())
def test_every_recipe_can_be_built(name):
    recipe = organisms.load_recipe(name)
    assert recipe.name == name
    for width in recipe.widths:
        assert recipe.tokens_of(width) > 0
        assert recipe.shape(width).width == width
    for width, wanted in zip(recipe.widths, recipe.match, strict=bool(recipe.match)):
        # The MLP gives the rest in whole units; one of them weighs a few per mille.
        assert recipe.shape(width).params == pytest.approx(wanted, rel=0.01)


def test_width_and_depth_have_the_parameter_counts_of_web():
    web = organisms.load_recipe("web")
    counts = {web.shape(width).params for width in web.widths}
    for name in ("wide", "deep"):
        recipe = organisms.load_recipe(name)
        # Four layers do not fit into web's smallest size; another size stands for it.
        assert len(set(recipe.match) & counts) >= len(counts) - 1
        assert len(recipe.match) >= 8
        assert recipe.layers != web.layers
        assert recipe.corpus == web.corpus
        assert (recipe.steps, recipe.batch) == (web.steps, web.batch)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "no tokens"),
        ({"widths": []}, "widths is empty"),
        ({"widths": [8, 8]}, "repeat"),
        ({"widths": [9], "heads": 2}, "even head size"),
        ({"colour": "red"}, "has no colour"),
        ({"steps": 1.5}, "steps cannot be 1.5"),
        ({"steps": True}, "steps cannot be True"),
        ({"widths": "many"}, "widths cannot be 'many'"),
        ({"corpus": {"forum": 2.0}}, "between 0 and 1"),
        ({"corpus": {"colour": 1}}, "corpus of the recipe has no colour"),
        ({"match": [1000]}, "1 counts for 2 widths"),
        ({"match": [10, 20]}, "mlp must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"corpus": ["forum"]}, "no names and values"),
        ({"base": 5}, "no recipe '5'"),
        ({5: "red"}, "has no 5"),
        ({"steps": math.inf}, "steps cannot be inf"),
        ({"learning_rate": math.inf}, "learning_rate"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"tokens_per_param": -1.0}, "tokens_per_param must be a number of at least 0"),
        ({"weight_decay": math.inf}, "weight_decay"),
        ({"unembedding": -0.5}, "unembedding"),
        ({"mlp_ratio": math.inf}, "mlp_ratio"),
    ],
)
def test_bad_recipes_are_refused_in_one_line(change, message):
    with pytest.raises(organisms.OrganismError, match=message) as caught:
        organisms.recipe_from(MINI | change)
    assert "\n" not in str(caught.value)


def test_a_recipe_may_start_from_another():
    recipe = organisms.recipe_from({"base": "web", "name": "x", "corpus": {"forum": 0.1}})
    web = organisms.load_recipe("web")
    assert recipe.corpus == dataclasses.replace(web.corpus, forum=0.1)
    assert dataclasses.replace(recipe, name=web.name, corpus=web.corpus) == web


def test_a_recipe_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ndescription: a family\nwidths: [8]\n")
    assert organisms.load_recipe(path).widths == (8,)
    path.write_text("name: [")
    with pytest.raises(organisms.OrganismError, match="not readable yaml"):
        organisms.load_recipe(path)
    path.write_bytes("description: größer\n".encode("latin-1"))
    with pytest.raises(organisms.OrganismError, match="not readable yaml"):
        organisms.load_recipe(path)
    path.write_text("just words")
    with pytest.raises(organisms.OrganismError, match="no names and values"):
        organisms.load_recipe(path)


def test_unknown_recipe_names_those_that_there_are():
    with pytest.raises(organisms.OrganismError, match="web"):
        organisms.load_recipe("wbe")


def test_fingerprint_covers_what_the_weights_depend_on():
    recipe = organisms.recipe_from(MINI)
    for change in ({"steps": 999}, {"learning_rate": 0.02}, {"heads": 4}, {"mlp_ratio": 2.0}):
        other = dataclasses.replace(recipe, **change)
        assert other.fingerprint(8) != recipe.fingerprint(8)
    assert recipe.fingerprint(16) != recipe.fingerprint(8)
    renamed = dataclasses.replace(recipe, name="y", description="other", widths=(8,))
    assert renamed.fingerprint(8) == recipe.fingerprint(8)


def test_tokens_per_parameter_replace_steps():
    recipe = organisms.recipe_from(MINI | {"tokens_per_param": 20.0})
    for width in recipe.widths:
        tokens = 20.0 * recipe.shape(width).params
        # Whole steps of 64 x 32 tokens: half a step is the most that rounding can shift.
        assert recipe.tokens_of(width) == pytest.approx(tokens, abs=64 * 32 / 2)


_WHOLE = "name: x\ndescription: ''\n"
#: Each line stands for nine of the one before: nine lines hold 9^9 names.
_LAUGH = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: mine.yaml\nname: x\n", "starts from itself"),
        ("base: other.yaml\nname: x\n", "starts from itself"),
        ("name: " + "[" * 5000, "over 8 deep, line 1"),
        ("name: " + "[" * 5000 + "]" * 5000, "over 8 deep"),
        (_LAUGH, "an alias, line 2"),
        (_WHOLE + f"widths: [{10**400}]", "widths cannot be"),
        (_WHOLE + f"widths: [1{'0' * 5000}]", "a number or date that is none"),
        (_WHOLE + "widths: [8.5]", r"widths cannot be \[8.5\]"),
        (_WHOLE + "widths: '816'", "widths cannot be '816'"),
        (_WHOLE + "widths: [8]\nmlp_ratio: 1.0e+300", "mlp_ratio cannot be"),
        (_WHOLE + "widths: [8]\nwidths: [16]", "the key 'widths' twice, line 4"),
        (_WHOLE + "widths: [8]\ncorpus: {forum: 0.1, forum: 0.2}", "the key 'forum' twice"),
        ("name: ../../../evil\ndescription: ''\nwidths: [8]", "cannot name a folder"),
        ('name: "a\\e[2J"\ndescription: x\nwidths: [8]', "cannot name a folder"),
        ("name: [x]\ndescription: ''\nwidths: [8]", "name cannot be"),
        ("name: 2024-13-45\n", "a number or date that is none"),
        ("name: x", "lacks description, widths"),
        (_WHOLE + "base: [web]", "base cannot be"),
        ("? {a: 1}\n: x", "a key that is no name"),
        ("#" * 70_000, "over 64 KB"),
    ],
)
def test_hostile_recipe_files_are_refused_at_once(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text("base: mine.yaml\nname: y\n")
    started = time.process_time()
    with pytest.raises(organisms.OrganismError, match=message) as caught:
        organisms.load_recipe("mine.yaml")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "mine.yaml" in str(caught.value) or "other.yaml" in str(caught.value)
    # The list of aliases took over half a minute; all of these take a few milliseconds now.
    assert time.process_time() - started < 5
