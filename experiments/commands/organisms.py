"""`nullcline organisms`: the small language models that this project trains."""

import argparse
import sys
from pathlib import Path

from ..schemas import TrainOrganism
from ._arguments import add_example, add_schema_arguments, settings_from
from ._length import add_length_arguments, page_as_asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline organisms`."""
    add_example(parser, "organisms list")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, example: str, summary: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=summary, description=summary)
        add_example(added, f"organisms {name}{example}")
        added.add_argument("--json", action="store_true", help="JSON alone on stdout")
        return added

    listing = action("list", "", "the shipped organisms with their scores, or those of a folder")
    listing.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="the shipped ones where none is given",
    )

    show = action("show", " web-16", "recipe, sizes, scores and files of one")
    show.add_argument("name", metavar="NAME", help="a shipped organism, or the folder of one")

    train = action(
        "train",
        " web --size 4 6 8 --out runs/mine",
        "train a family; a run that was stopped goes on where it was",
    )
    train.add_argument("recipe", metavar="RECIPE", help="a recipe by name, or a yaml file")
    add_schema_arguments(train, TrainOrganism, without=("family", "recipe", "seed"))
    train.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=[0],
        metavar="SEED",
        help="of text and weights (default: 0)",
    )

    evaluate = action("evaluate", " web-16", "measure one anew, by log-probability")
    evaluate.add_argument("name", metavar="NAME", help="a shipped organism, or the folder of one")

    compare = action(
        "compare",
        " --family web",
        "what each lever does to the turn: the shipped experiments, or yours",
    )
    compare.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="the shipped ones where none is given",
    )
    compare.add_argument(
        "--join",
        type=Path,
        metavar="TABLE",
        help="an organisms.csv of models trained earlier, to be compared with those of FOLDER "
        "(default: none)",
    )
    compare.add_argument(
        "--family",
        metavar="NAME",
        help="everything that is known of one family, size by size (default: all, in short)",
    )
    compare.add_argument(
        "--out", type=Path, metavar="DIR", help="the tables go there (default: FOLDER)"
    )
    add_length_arguments(compare, full="every comparison and every family")


def run(options: argparse.Namespace) -> None:
    """Do what was asked and print it."""
    {"list": _list, "show": _show, "train": _train, "evaluate": _evaluate, "compare": _compare}[
        options.action
    ](options)


def _list(options: argparse.Namespace) -> None:
    from ... import organisms
    from ..formats import to_json
    from ..studies.organisms import list_to_text, listed
    from ..terminal import page_width

    folder = options.folder or organisms.organisms_folder()
    if options.folder and not folder.is_dir():
        raise ValueError(f"no folder {folder}")
    found = organisms.list_organisms(folder)
    if options.json:
        print(to_json([listed(o) for o in found]))
    else:
        print(list_to_text(found, folder, width=page_width(sys.stdout)))


def _show(options: argparse.Namespace) -> None:
    from ... import organisms
    from ..formats import to_json
    from ..studies.organisms import described, find_organism, show_to_text

    folder = find_organism(options.name)
    shown = described(organisms.read_organism(folder), organisms.recipe_of_folder(folder))
    print(to_json(shown) if options.json else show_to_text(shown))


def _train(options: argparse.Namespace) -> None:
    from ..formats import to_json
    from ..studies.organisms import find_recipe, list_to_text, scored, train_family
    from ..terminal import page_width

    settings = settings_from(options, TrainOrganism, recipe=None)
    trained = train_family(
        find_recipe(options.recipe),
        seeds=options.seeds,
        sizes=settings.sizes,
        folder=Path(settings.out),
        workers=settings.workers,
    )
    if options.json:
        print(to_json([scored(organism) for organism in trained]))
    else:
        print(list_to_text(trained, Path(settings.out), width=page_width(sys.stdout)))


def _evaluate(options: argparse.Namespace) -> None:
    from ... import organisms
    from ..formats import to_json
    from ..studies.organisms import find_organism, measured, measured_to_text

    folder = find_organism(options.name)
    scores = organisms.evaluate_folder(folder)
    found = measured(organisms.read_organism(folder), scores)
    print(to_json(found) if options.json else measured_to_text(found))


def _compare(options: argparse.Namespace) -> None:
    from ..formats import to_json
    from ..progress import report_parts
    from ..studies.organisms import (
        compare_organisms,
        comparison_page,
        comparison_to_dict,
        comparison_to_text,
        family_to_text,
        of_family,
    )

    if options.family and (options.full or options.quiet):
        raise ValueError("--family has one page; leave out --full and --quiet")
    found = compare_organisms(
        options.folder, join=options.join, out=options.out, say=report_parts("organisms")
    )
    if options.family:
        found = of_family(found, options.family)
    if options.json:
        print(to_json(comparison_to_dict(found)))
    elif options.family:
        print(family_to_text(options.family, found))
    else:
        print(
            page_as_asked(
                options, lambda: comparison_page(found), lambda: comparison_to_text(found)
            )
        )
