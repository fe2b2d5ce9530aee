"""Families of language models: their scores, their phases, the dynamics of their capabilities."""

from ._benchmarks import BENCHMARKS as BENCHMARKS
from ._benchmarks import Benchmark as Benchmark
from ._benchmarks import benchmark as benchmark
from ._read import read_scores as read_scores
from ._scores import ScoreTable as ScoreTable
from ._tables import load_figures as load_figures
from ._tables import load_origin as load_origin
from ._tables import load_table as load_table
from ._tables import table_names as table_names
from ._warnings import TableError as TableError
from ._warnings import TableWarning as TableWarning
