"""A census of heads on one screen: how many models have what, beside the controls."""

from __future__ import annotations

from typing import Any

from ....common.words import counted
from ...formats import added, interval
from ...page import MOST_ROWS, Page, PageColumn
from ._census import CensusRow, census_to_dict


def census_page(rows: tuple[CensusRow, ...]) -> Page:
    """Counts over models first, then those with most competing heads."""
    ranked = sorted(rows, key=lambda row: (-row.replicated, -row.competing, row.model))
    shown = ranked[:MOST_ROWS]
    found = census_to_dict(rows)
    return Page(
        heading=(f"{counted(len(rows), 'model')}, {counted(sum(r.heads for r in rows), 'head')}",),
        sentences=(_competing(found), _published(found), _unembedding(found)),
        columns=_columns(shown),
        more=len(ranked) - len(shown),
        legend=(
            ("", "Most competing heads first."),
            ("published", "Published, random, shuffled: layers by the published rule, by random "
             "pairs of prompts, with shuffled weights."),
            ("cosine", "Cosine: of truth and reasoning states; after: behind the unembedding."),
        ),
    )  # fmt: skip


def _share(found: dict[str, Any]) -> str:
    low, high = 100 * found["wilson_low"], 100 * found["wilson_high"]
    return f"{found['count']} of {found['of']} [{low:.0f} %, {high:.0f} %]"


def _competing(found: dict[str, Any]) -> str:
    models, both = (found["models_with"][name] for name in ("competing", "replicated"))
    return (
        f"A head that competes is found in {_share(models)} models, in both halves of the pairs "
        f"in {_share(both)}; of all heads {_share(found['competing_heads'])} compete."
    )


def _published(found: dict[str, Any]) -> str:
    published, random, shuffled = (
        found["models_with"][name]["count"]
        for name in ("published_layers", "random_layers", "shuffled_layers")
    )
    more = "more" if published > max(random, shuffled) else "no more"
    return (
        f"The published rule finds a layer that competes in {published} of "
        f"{counted(len(found['models']), 'model')}, {more} than its controls: {random} with random "
        f"pairs of prompts, {shuffled} with shuffled weights."
    )


def _unembedding(found: dict[str, Any]) -> str:
    return (
        "The unembedding moves the cosine of the two states further than random directions in "
        f"{_share(found['cosine_outside_its_null'])} models."
    )


def _columns(shown: list[CensusRow]) -> list[PageColumn]:
    def right(title: str, cells: list[str], spare: int = 0) -> PageColumn:
        return PageColumn(title, cells, spare=spare, right=True)

    after = [f"{added(r.cosine_logits)} {interval(r.null_low, r.null_high, added)}" for r in shown]
    return [
        PageColumn("model", [row.model for row in shown], least=26),
        right("competing", [f"{row.competing} of {row.heads}" for row in shown]),
        right("both halves", [str(row.replicated) for row in shown], 1),
        right("published", [f"{row.published_layers} of {row.n_layers}" for row in shown], 2),
        right("random", [str(row.random_layers) for row in shown], 3),
        right("shuffled", [str(row.shuffled_layers) for row in shown], 4),
        right("cosine", [added(row.cosine_hidden) for row in shown], 5),
        PageColumn("after [null]", after, spare=6),
        right("logits", [added(row.logit_difference) for row in shown], 7),
        right("pairs", [str(row.truth_pairs) for row in shown], 8),
    ]
