"""A small table to try things with, and to put one's own scores into."""

#: A family that pays, one that does not decide, one that gains.
_FAMILIES = ("Pythia", "OPT", "Llama", "Qwen2")
_BENCHMARKS = ("hellaswag", "truthfulqa_mc2", "arc_challenge", "mmlu")


def example_table() -> str:
    """CSV of some rows of the shipped table as anybody would type them: percent, a family a
    model."""
    from ..dynamics import load_table

    frame = load_table("uniform").select(_FAMILIES).frame
    rows = frame.sort_values(["family", "params"])[["family", "model", "params", *_BENCHMARKS]]
    percent = rows.assign(**{name: 100 * rows[name] for name in _BENCHMARKS})
    return percent.to_csv(index=False, float_format="%.6g", lineterminator="\n")
