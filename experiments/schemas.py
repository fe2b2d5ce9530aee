"""What a study can be told: one schema each, from which the command line and Hydra derive.

Plain dataclasses: a frozen one cannot be filled from yaml groups. The yaml files hold values only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .launchers import Launcher
from .options import Options, SettingError, group, option, words_of

if TYPE_CHECKING:
    from ..dynamics import Along, KindChoice
    from ..interp import Dtype, Frame
else:  # OmegaConf knows no Literal: to Hydra they are text, whose words `choices` checks
    Along = Dtype = Frame = KindChoice = str


_FRAME_UNSET = (
    "chat for a tuned model and truthfulqa for its file, where a file of questions is given; else "
    "plain"
)


@dataclass
class Launched(Options):
    """What every study has beside its own settings, and what is no part of a job's key or record:
    where its jobs run, and the value that a sweeper which optimises is given.

    `objective` is a dotted path into the result; the study's own where it is not given.
    """

    launcher: Launcher = group(Launcher, "local")
    objective: str | None = None


@dataclass
class FamilyChoice(Options):
    """Families of the table by name; all where the list is empty."""

    prefix: ClassVar[str] = "family"
    names: list[str] = option(
        [], "only these families of the table", unset="all", flag="--family", metavar="NAME"
    )


@dataclass
class Estimator(Options):
    """Resamples and their seed."""

    prefix: ClassVar[str] = "estimator"
    n_boot: int = option(10_000, "resamples", least=100)  # fewer make no interval
    seed: int = option(0, "of the resamples", least=0)


def _kind(default: str = "base") -> Any:
    choices = words_of("dynamics", "KindChoice")
    return option(default, "models that count", choices=choices)


def _name() -> Any:
    said = "of the family of models of which none is stated, whatever their own names say"
    return option(None, said, unset="their own names tell it", metavar="FAMILY", parse=_family_name)


def _family_name(text: str) -> str:
    if not text.strip():
        raise ValueError("give the family a name")
    return text.strip()


@dataclass
class ReadTables(Options):
    """What `nullcline read` can be told beside its paths."""

    kind: KindChoice = _kind()
    name: str | None = _name()


def _tables() -> Sequence[str]:
    from ..dynamics import table_names

    return (*table_names(), "post_training")


@dataclass
class OfTable(Launched):
    """What every study of a score table has: a shipped table by name, or paths of one's own."""

    table: str = option("uniform", "a shipped table", choices=_tables, metavar="TABLE")
    path: Any = option(
        None,
        "tables of scores (CSV, Excel, Markdown, JSON, ...) and folders of evaluation results, "
        "read as one; the shipped table where none is given",
        flag="PATH",
    )
    kind: KindChoice = _kind()
    name: str | None = _name()

    def __post_init__(self) -> None:
        super().__post_init__()
        several = isinstance(self.path, list) and all(isinstance(p, str) for p in self.path)
        if not (self.path is None or isinstance(self.path, str) or several):
            raise SettingError("path", self.path, "give a path, or a list of them")
        if self.path is not None and self.table != type(self).table:
            raise SettingError("table", self.table, "give PATH or a shipped table, not both")
        if self.path is None and self.name is not None:
            why = "names the family of your own models; give PATH, or choose one by {family.names}"
            raise SettingError("name", self.name, why)

    @property
    def paths(self) -> list[str]:
        """The user's own files, none for a shipped table."""
        return [self.path] if isinstance(self.path, str) else list(self.path or ())


@dataclass
class OfClock(OfTable):
    """A study of a score table along a clock."""

    along: Along = option(
        "params",
        "the clock; along tokens, flops and step each model with checkpoints is a family",
        choices=words_of("dynamics", "Along"),
    )


@dataclass
class Diagnose(OfClock):
    """The study `diagnose`: a table, a pair of benchmarks, families."""

    reasoning: str | None = option(
        None, "benchmark for the reasoning score", unset="hellaswag", metavar="NAME"
    )
    truth: str | None = option(
        None, "benchmark for the truth score", unset="truthfulqa_mc2", metavar="NAME"
    )
    family: FamilyChoice = group(FamilyChoice, "all")
    estimator: Estimator = group(Estimator, "default")
    figures: bool = option(False, "write figures beside the record (always, with --out)")


@dataclass
class CompareKinds(OfTable):
    """The study `compare_kinds`: a table with base and tuned models, the shipped one by default."""

    table: str = option("post_training", "a shipped table", choices=_tables, metavar="TABLE")
    kind: KindChoice = _kind("all")
    reasoning: str | None = option(
        None, "benchmark for the reasoning score", unset="hellaswag", metavar="NAME"
    )
    truth: str | None = option(
        None, "benchmark for the truth score", unset="truthfulqa_mc2", metavar="NAME"
    )
    family: FamilyChoice = group(FamilyChoice, "all")


def _listed(text: str) -> str:
    """One name or several between commas, as they were typed."""
    if not text.strip(" ,"):
        raise ValueError("name a benchmark")
    return text


@dataclass
class ScanPairs(OfClock):
    """The study `scan`: a table, and which benchmarks are looked at along which others."""

    reasoning: list[str] = option(
        [], "capabilities along which the others are looked at", unset="all", metavar="NAME,...",
        parse=_listed,
    )  # fmt: skip
    against: list[str] = option([], "those others", unset="all", metavar="NAME,...", parse=_listed)
    q: float = option(0.05, "rate of false discoveries over all pairs", above=0, below=1)
    n_boot: int = option(1_000, "resamples of families, for the dimensions", least=100)
    seed: int = option(0, "of the resamples", least=0)
    family: FamilyChoice = group(FamilyChoice, "all")


@dataclass
class TrackPredictions(Launched):
    """The study `track_predictions`: a table of models with scores, the shipped panels by default,
    and the day as of which is asked."""

    path: Any = option(
        None,
        "a table of models: model, lab, date and scores; the shipped panels where none is given",
        flag="TABLE",
    )
    as_of: str | None = option(
        None, "rows dated later do not count", unset="the newest date in the data", metavar="DATE"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.path is None or isinstance(self.path, str)):
            raise SettingError("path", self.path, "give one table")


def _recipes() -> Sequence[str]:
    from ..organisms import list_recipes

    return list_recipes()


@dataclass
class TrainOrganism(Launched):
    """The study `train_organism`: one recipe and seed; all of its sizes where `sizes` is empty.

    `recipe` is a yaml file that replaces the family; `out` keeps the trained models, so that a
    job that is run again goes on where it was killed; `workers` sizes are trained at once.
    """

    family: str = option("web", "a recipe by name", choices=_recipes)
    recipe: str | None = option(None, "a yaml file with a recipe instead", metavar="FILE")
    seed: int = option(0, "of text and weights", least=0)
    sizes: list[int] = option(
        [], "only these widths", unset="all of the recipe", flag="--size", metavar="WIDTH"
    )
    out: str = option("runs/organisms", "a folder per model goes there", metavar="DIR")
    workers: int = option(1, "models trained at once", metavar="N", least=1)


@dataclass
class ModelChoice(Options):
    """What `interp.load_model` takes: a model's name or place, and how it is to be loaded."""

    prefix: ClassVar[str] = "model"
    name: str = option(
        "organism:heads-64",
        "a hub id, a folder, a .gguf file, package:NAME (one with a GGUF), organism:NAME",
        flag="MODEL",
    )
    revision: str | None = option(None, "commit, tag or branch on the hub", unset="main")
    dtype: Dtype = option("float32", "float32 is exact", choices=words_of("interp", "Dtype"))
    device: str | None = option(None, "cpu, cuda:0", unset="a GPU where there is one, else cpu")
    offline: bool = option(False, "use what is on this disk only")
    trust_remote_code: bool = option(False, "run Python that comes with the model")
    allow_pickle: bool = option(False, "read weights that run code when read")


def _set_names() -> Sequence[str]:
    from ..interp import set_names

    return set_names()


@dataclass
class Pairs(Options):
    """Pairs to ask: a file or a generated set; an organism's own, or `cities`, where neither."""

    prefix: ClassVar[str] = "pairs"
    path: str | None = option(
        None,
        "CSV of prompt,true,false or statement,label, or TruthfulQA's JSON",
        flag="--pairs", metavar="FILE", instead_of="pairs",
        unset="the organism's own, else the set cities",
    )  # fmt: skip
    named_set: str | None = option(
        None,
        "a generated set",
        flag="--set",
        choices=_set_names,
        instead_of="pairs",
        unset="as --pairs",
    )
    reasoning_path: str | None = option(
        None,
        "the same, about reasoning",
        flag="--reasoning-pairs",
        metavar="FILE",
        unset="the organism's own, else the set arithmetic",
    )
    # An effect with an interval needs two pairs.
    count: int = option(256, "pairs at most", metavar="N", least=2)


@dataclass
class AttributeHeads(Launched):
    """The study `attribute_heads`: one model, its pairs, and how heads are named."""

    method: str = option(
        "dla", "of attribution",
        choices=words_of("interp", "HeadMethod"), metavar="METHOD",
    )  # fmt: skip
    edges: bool = option(False, "the strongest edges between parts, beside the heads")
    edge_steps: int = option(
        8, "of integrated gradients for edges; 1 is the plain gradient", metavar="N", least=1
    )
    false_discovery_rate: float = option(0.05, "of named heads", metavar="Q", above=0, below=1)
    top: int = option(10, "heads shown, and edges", metavar="N", least=1)
    frame: Frame | None = option(
        None, "how a question is put", unset=_FRAME_UNSET, choices=words_of("interp", "Frame")
    )
    seed: int = option(0, "of resamples and controls", least=0)
    model: ModelChoice = group(ModelChoice, "heads-64")
    pairs: Pairs = group(Pairs, "own")


@dataclass
class Sets(Options):
    """Statements and questions that a truth vector is found and judged with: an organism's own, or
    the generated sets, where no files are given; `questions` is a file or a generated set."""

    prefix: ClassVar[str] = "sets"
    statements: list[str] = option(
        [], "CSV: statement,label", unset="the organism's own, else generated", metavar="FILE"
    )
    questions: str | None = option(
        None,
        "JSON as TruthfulQA's, or a generated set such as cities",
        metavar="FILE|SET",
        unset="the organism's own, else generated",
    )
    # Three splits need two questions each.
    count: int = option(240, "of each generated set", metavar="N", least=6)


def _layer(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdigit():
        raise ValueError("give numbers, or all")
    return int(text)


@dataclass
class OfVector(Launched):
    """What the two studies of a truth vector share: how one is looked for, and its controls.

    `methods` are all that owe nothing to a cue where the list is empty; `layers` are all where it
    is, `site` inside or after them. `preset` searches nothing and takes the published rule.
    """

    methods: list[str] = option(
        [], "ways to look for it", unset="the first four", flag="--method", metavar="METHOD",
        choices=words_of("interp", "TruthMethod"),
    )  # fmt: skip
    layers: list[int] = option([], "layers, or all", unset="all", metavar="N", parse=_layer)
    site: str | None = option(
        None, "inside or after layers", unset="both", choices=words_of("interp", "Site")
    )
    where: str = option(
        "best",
        "add it everywhere, only where a plain question is recognised, or whichever is best",
        choices=words_of("interp", "Where"),
    )
    positions: str = option("all", "of a text", choices=words_of("interp", "PositionWord"))
    frame: Frame | None = option(
        None, "how a question is put", unset=_FRAME_UNSET, choices=words_of("interp", "Frame")
    )
    preset: str | None = option(
        None,
        "the published rule: no search",
        unset="a search",
        choices=words_of("interp", "Preset"),
    )
    kl: float = option(0.1, "budget: median KL, validation", metavar="NATS", least=0)
    lost: float = option(0.05, "budget: right answers lost", least=0)
    reasoning_loss: float = option(0.02, "budget: of reasoning", least=0)
    # Fewer random directions make no control.
    random: int = option(20, "random directions of equal norm", metavar="N", least=20)
    seed: int = option(0, "of sets, search and controls", least=0)
    model: ModelChoice = group(ModelChoice, "knowing-48")
    sets: Sets = group(Sets, "own")


@dataclass
class FindTruth(OfVector):
    """The study `find_truth`: one model, how its vector is looked for, and what it may cost.

    `keep` also writes the vector beside the record.
    """

    keep: bool = option(False, "write the vector beside the record")


@dataclass
class EvaluateSteering(OfVector):
    """The study `evaluate_steering`: one model and a vector; found first where `vector` names no
    file."""

    vector: str | None = option(
        None, "of nullcline truth or another tool", unset="one is found", metavar="FILE"
    )
    layer: int | None = option(
        None,
        "one layer of a file with several, or that of a plain tensor; from 0",
        metavar="N",
        unset="the vector's own",
    )
    strength: float | None = option(None, "in place of the vector's", unset="the vector's own")
    positions: str | None = option(
        None,
        "all, last, or of a vector a span as 3:7",
        metavar="POSITIONS",
        unset="the vector's own",
    )
    after: str | None = option(
        None, "the vector's positions from this text on", unset="the vector's own", metavar="TEXT"
    )
    force: bool = option(False, "take another model's vector")
