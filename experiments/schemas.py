"""What a run can be told: the schemas of the Hydra configuration, checked when it is composed.

Plain dataclasses: a frozen one cannot be filled from yaml groups. The yaml files hold values only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from ..configs import configs
from ..data import shipped

PENALTIES = ("ridge", "l1", "stlsq", "best-subset", "trajectory")
METHODS = ("dla", "attribution-patching", "activation-patching")
TRUTH_METHODS = ("mass-mean", "logistic", "gradient", "trained", "cue")
WHERE = ("best", "everywhere", "asked")
POSITIONS = ("all", "last")
DTYPES = ("float32", "bfloat16", "float16")


def _check(key: str, value: str, known: Sequence[str]) -> None:
    """Refuse a word that is none of those known, when the configuration is composed."""
    if value not in known:
        raise ValueError(f"{key}={value}: no such choice; there are {', '.join(known)}")


def _check_least(key: str, value: float, least: int) -> None:
    """Refuse a number that means nothing, when the configuration is composed."""
    if value < least:
        raise ValueError(f"{key}={value}: give {least} or more")


@dataclass
class Launcher:
    """Where the jobs of a sweep run: one after the other in this process; `threads` of each job."""

    engine: str = "local"
    threads: int = 1

    def __post_init__(self) -> None:
        # The other settings of a launcher are those of its engine: choose another by its group.
        if self.engine != type(self).engine:
            raise ValueError(
                f"launcher.engine={self.engine}: this launcher's engine is {type(self).engine}; "
                "choose another with launcher=NAME"
            )
        _check_least("launcher.threads", self.threads, 1)
        workers = getattr(self, "workers", None)
        if workers is not None:
            _check_least("launcher.workers", workers, 1)


@dataclass
class Joblib(Launcher):
    """Processes of this machine; as many as there are cores for their threads by default."""

    engine: str = "joblib"
    workers: int | None = None


@dataclass
class Submitit(Launcher):
    """Tasks of a Slurm array, or processes of this machine where `cluster` is `local`.

    `workers` tasks share the jobs; a task per job where it is not given. `minutes`, `memory_gb` and
    `gpus` are of one task; `setup` are shell commands before it, `more` are options of sbatch.
    """

    engine: str = "submitit"
    cluster: str = "slurm"
    workers: int | None = None
    minutes: int = 60
    memory_gb: int | None = None
    gpus: int = 0
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    setup: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("launcher.cluster", self.cluster, ("slurm", "local"))


@dataclass
class Ray(Launcher):
    """Tasks of the Ray cluster at `address` (`auto`: the one that this machine is part of), or of
    a Ray that is started here; at most `workers` at once, each with `gpus`, which may be a part."""

    engine: str = "ray"
    address: str | None = None
    workers: int | None = None
    gpus: float = 0.0


@dataclass
class Launched:
    """What every entry point has beside its own settings: where its jobs run, which is no part of
    a job's key or record."""

    launcher: Launcher = field(default_factory=Launcher)


@dataclass
class Family:
    """Families of the table by name; all where the list is empty."""

    names: list[str] = field(default_factory=list)


@dataclass
class Estimator:
    """Resamples and their seed."""

    n_boot: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        _check_least("estimator.n_boot", self.n_boot, 100)  # fewer make no interval
        _check_least("estimator.seed", self.seed, 0)


@dataclass
class Penalty:
    """How the coefficients of an ODE are drawn to zero; `strength` where the penalty has one."""

    name: str = "ridge"
    strength: float | None = None

    def __post_init__(self) -> None:
        _check("penalty.name", self.name, PENALTIES)


@dataclass
class FitDynamics(Launched):
    """`nullcline run fit_dynamics`: a table, families, a library's degree and a penalty."""

    table: str = "uniform"
    path: str | None = None
    benchmarks: list[str] | None = None
    degree: int = 1
    members: int = 1000
    seed: int = 0
    family: Family = field(default_factory=Family)
    penalty: Penalty = field(default_factory=Penalty)


@dataclass
class Diagnose(Launched):
    """`nullcline run diagnose`: a shipped table or a path, a pair of benchmarks, families."""

    table: str = "uniform"
    path: str | None = None
    reasoning: str | None = None
    truth: str | None = None
    family: Family = field(default_factory=Family)
    estimator: Estimator = field(default_factory=Estimator)
    figures: bool = False


@dataclass
class TrainOrganism(Launched):
    """`nullcline run train_organism`: one recipe and seed; all of its sizes where `sizes` is empty.

    `recipe` is a yaml file that replaces the family; `out` keeps the trained models, so that a
    job that is run again goes on where it was killed; `workers` sizes are trained at once.
    """

    family: str = "web"
    recipe: str | None = None
    seed: int = 0
    sizes: list[int] = field(default_factory=list)
    out: str = "runs/organisms"
    workers: int = 1


@dataclass
class Model:
    """What `interp.load_model` takes: a hub id, a folder or `organism:NAME`, and how."""

    name: str = "organism:heads-64"
    revision: str | None = None
    dtype: str = "float32"
    device: str | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        _check("model.dtype", self.dtype, DTYPES)


@dataclass
class Pairs:
    """Pairs to ask: a file or a generated set; an organism's own, or `cities`, where neither."""

    path: str | None = None
    named_set: str | None = None
    reasoning_path: str | None = None
    count: int = 256


@dataclass
class AttributeHeads(Launched):
    """`nullcline run attribute_heads`: one model, its pairs, and how heads are named."""

    method: str = "dla"
    false_discovery_rate: float = 0.05
    top: int = 10
    seed: int = 0
    model: Model = field(default_factory=Model)
    pairs: Pairs = field(default_factory=Pairs)

    def __post_init__(self) -> None:
        _check("method", self.method, METHODS)


@dataclass
class Asked:
    """What a truth vector is found and judged with: an organism's own, or the generated sets, where
    no files are given; `questions` is a file or a generated set."""

    statements: list[str] = field(default_factory=list)
    questions: str | None = None
    count: int = 240


@dataclass
class FindTruth(Launched):
    """`nullcline run find_truth`: one model, how its vector is looked for, and what it may cost.

    `methods` are all that owe nothing to a cue where the list is empty, `layers` are all. `keep`
    also writes the vector beside the record.
    """

    methods: list[str] = field(default_factory=list)
    layers: list[int] = field(default_factory=list)
    where: str = "best"
    positions: str = "all"
    preset: str | None = None
    kl: float = 0.1
    lost: float = 0.05
    reasoning_loss: float = 0.02
    random: int = 20
    seed: int = 0
    keep: bool = False
    model: Model = field(default_factory=Model)
    asked: Asked = field(default_factory=Asked)

    def __post_init__(self) -> None:
        _check("where", self.where, WHERE)
        _check("positions", self.positions, POSITIONS)
        for method in self.methods:
            _check("methods", method, TRUTH_METHODS)


@dataclass
class EvaluateSteering(Launched):
    """`nullcline run evaluate_steering`: one model and a vector; found first, with the default
    search and `methods`, where `vector` names no file."""

    vector: str | None = None
    strength: float | None = None
    methods: list[str] = field(default_factory=list)
    where: str = "best"
    random: int = 20
    seed: int = 0
    model: Model = field(default_factory=Model)
    asked: Asked = field(default_factory=Asked)

    def __post_init__(self) -> None:
        _check("where", self.where, WHERE)
        for method in self.methods:
            _check("methods", method, TRUTH_METHODS)


def _register_launchers(store: ConfigStore) -> None:
    store.store(group="launcher", name="local_schema", node=Launcher)
    store.store(group="launcher", name="joblib_schema", node=Joblib)
    store.store(group="launcher", name="submitit_schema", node=Submitit)
    store.store(group="launcher", name="ray_schema", node=Ray)


def register_models() -> None:
    """Make the schemas of what looks inside models known to Hydra, and every shipped organism a
    model."""
    store = ConfigStore.instance()
    _register_launchers(store)
    store.store(name="attribute_heads_schema", node=AttributeHeads)
    store.store(name="find_truth_schema", node=FindTruth)
    store.store(name="evaluate_steering_schema", node=EvaluateSteering)
    store.store(group="asked", name="schema", node=Asked)
    store.store(group="model", name="schema", node=Model)
    store.store(group="pairs", name="schema", node=Pairs)
    for path in shipped("organisms").glob("*/organism.json"):
        name = path.parent.name
        store.store(group="model", name=name, node=Model(name=f"organism:{name}"))


def register_organisms() -> None:
    """Make the schema of `train_organism` known to Hydra, and every recipe as a choice of family.

    The recipes themselves are read by `organisms.load_recipe`; Hydra only checks the name.
    """
    store = ConfigStore.instance()
    _register_launchers(store)
    store.store(name="organism_schema", node=TrainOrganism)
    for path in configs("organism").glob("*.yaml"):
        store.store(group="family", name=path.stem, node={"family": path.stem}, package="_global_")
    # The groups that training shares with the other entry points, whose folder it does not see.
    for path in configs("launcher").glob("*.yaml"):
        store.store(group="launcher", name=path.stem, node=OmegaConf.load(path))
    for path in configs("experiment").glob("*.yaml"):
        if "run train_organism" not in path.read_text(encoding="utf-8"):
            continue  # of another entry point
        node = OmegaConf.load(path)
        store.store(group="experiment", name=path.stem, node=node, package="_global_")


def register() -> None:
    """Make the schemas known to Hydra under the names that the yaml files refer to."""
    store = ConfigStore.instance()
    _register_launchers(store)
    store.store(name="diagnose_schema", node=Diagnose)
    store.store(name="fit_dynamics_schema", node=FitDynamics)
    store.store(group="family", name="schema", node=Family)
    store.store(group="penalty", name="schema", node=Penalty)
    store.store(group="estimator", name="schema", node=Estimator)
