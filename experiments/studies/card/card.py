"""The study `nullcline card`, and `nullcline run card -m name=...` for rows of a table."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...keys import file_digest
from ...options import SettingError
from ...schemas_card import Card
from ...study import Outcome, Say, study
from . import card_to_dict, card_to_text, model_from
from ._given import split_given

if TYPE_CHECKING:
    from ....dynamics import ModelCard


def _inputs(settings: Card) -> dict[str, str]:
    """The tables that it is compared with and forecast by, and the files of its own."""
    from .... import dynamics

    names = dict.fromkeys((settings.among, *dynamics.forecast.SHIPPED_TEACHERS))
    shipped = {name: dynamics.load_table(name).sha256 for name in names}
    paths = split_given(settings.given)[1]
    return shipped | {path: file_digest(path) for path in paths if Path(path).is_file()}


def _figure(settings: Card, card: "ModelCard", folder: Path) -> None:
    from ...figures import card_svg, write_card

    write_card(card_svg(card, settings.among), folder / "card.svg")


@study(
    Card,
    command="card",
    inputs=_inputs,
    to_dict=card_to_dict,
    to_text=lambda card, settings: card_to_text(card),
    files=_figure,
    rows="nearest",
)
def card(settings: Card, say: Say) -> Outcome:
    """Place one model among the families of a shipped table."""
    from .... import dynamics

    among = dynamics.load_table(settings.among)
    model, inputs = model_from(settings, among)
    further = None
    if settings.next is not None:
        further = dynamics.parse_count(settings.next)
        if not further > 0:
            raise SettingError("next", settings.next, "is no size; write 70B, 410M or a number")
        if not further > model.params:
            raise SettingError("next", settings.next, "give a size above the model's own")
    found = dynamics.model_card(
        model,
        among=among,
        reasoning=settings.reasoning,
        truth=settings.truth,
        neighbours=settings.neighbours,
        nearest=settings.nearest,
        next_params=further,
        seed=settings.seed,
        on_progress=say,
    )
    return Outcome(found, inputs=inputs)
