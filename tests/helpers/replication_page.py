"""Numbers of the pages in docs/, made again from what the commands print."""

from collections import Counter

from nullcline.experiments.formats import interval, signed

UNRELATED = "--family GPT-SW3 fairseq-dense TinyStories gpt3-finnish Palmyra OpenCALM smol_llama"
COMMANDS = {
    "uniform": "diagnose",
    "leaderboard": "diagnose --table leaderboard",
    "unrelated": f"diagnose --table leaderboard {UNRELATED}",
    "both": "diagnose data/uniform.csv data/leaderboard.csv",
}


def with_ends(of, name="slope"):
    low, high = (f"{name}_low", f"{name}_high") if f"{name}_low" in of else ("low", "high")
    if of[name] is None:
        return "–"
    return f"{signed(of[name])} {interval(of[low], of[high])}"


def percent(value, digits=0):
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def places(turn):
    found = [e["place"] for e in turn["estimators"].values() if e["place"] is not None]
    return f"{min(found):.3f} to {max(found):.3f}" if found else "–"


def lowest(record, family):
    points = next((f["points"] for f in record["by_family"] if f["family"] == family), None)
    if points is None:
        return "–"
    at = min(points, key=lambda point: point["truth"])
    return f"{at['reasoning']:.3f}, model {points.index(at) + 1} of {len(points)}"


def replication_rows(record):
    """Label of a row of docs/replication.md -> its cell for one command's JSON."""
    turn = next(t for t in record["common_turn"] if t["axis"] == "reasoning")
    several = [f for f in record["by_family"] if f["gamma_now"] is not None]
    phases = Counter(f["phase"] for f in several)
    thin = sum(f["support"]["thin"] for f in several if f["phase"] in ("tax", "bonus"))
    turning = record["turning"]
    p = "not testable" if turn["gate_p"] is None else signed(turn["gate_p"], 3)
    return {
        "families of two sizes or more": str(len(several)),
        "their models": str(sum(f["models"] for f in several)),
        "**Does any family turn?**": f"{len(turning['families'])} of {turning['tested']}",
        "**Do families share a turn?**": "yes" if turn["established"] else "not established",
        "gate: p": p,
        "gate: power": percent(turn["power"]),
        "bend beyond own slopes": with_ends(turn, "curvature"),
        "families on both sides": str(len(turn["straddling"])),
        "slope before": with_ends(turn["before"]),
        "slope after": with_ends(turn["after"]),
        "**Where?**": "–" if turn["place"] is None else signed(turn["place"], 3),
        "estimators, if there is a turn": places(turn),
        "lowest truth of fairseq-dense at": lowest(record, "fairseq-dense"),
        "lowest truth of GPT-SW3 at": lowest(record, "GPT-SW3"),
        "explained: own lines": signed(turn["own_slopes_r2"], 3),
        "explained: own lines and a bend": signed(turn["common_bend_r2"], 3),
        "explained: one curve": signed(turn["within_r2"], 3),
        "**Coupling goes with level**": with_ends(record["level"]),
        "**Phases**: tax, bonus, undetermined": ", ".join(
            str(phases[name]) for name in ("tax", "bonus", "undetermined")
        ),
        "calls on two models": str(thin),
        "false calls to expect": signed(record["expected_false_calls"], 1),
        "scatter between models, pp": signed(100 * record["scatter"]["sd"], 1),
    }
