# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Dynamics along training
#
# A family of sizes is one way to grow, the training of one model is another. The shipped table
# `checkpoints` holds 16 models of Pythia at 27 checkpoints each. Here the clock is the number of
# training tokens. TruthfulQA was not measured on these checkpoints; the nearest question is
# stereotype: `1 - CrowS-Pairs`, more is better.

# %%
from nullcline import dynamics

table = dynamics.load_table("checkpoints", along="tokens")
found = dynamics.diagnose(table, reasoning="arc_easy", truth="crows_pairs_english", along="tokens")
families = found.to_pandas()
print(families["phase"].value_counts().to_string())

# %% [markdown]
# Every run is in tax at its end. Is that one score acting on the other, or do both only follow the
# same clock? Compare runs of *different* sizes at the same steps: there no score can act on the other.

# %%
import numpy as np

runs = {family.family: family for family in found.families}
small, large = runs["pythia-70m"], runs["pythia-12b"]
both = np.intersect1d(small.time, large.time)


def at(run, scores):
    return scores[np.isin(run.time, both)]


inside = np.corrcoef(large.reasoning, large.truth)[0, 1]
across = np.corrcoef(at(small, small.reasoning), at(large, large.truth))[0, 1]
print(f"within the 12B run r = {inside:.2f}")
print(f"reasoning of the 70M run with truth of the 12B run r = {across:.2f}")

# %% [markdown]
# The two are alike, so this correlation says nothing about one score acting on the other. The page
# *Along training* makes this comparison for all runs, with intervals.
#
# ## An equation of one run
#
# dx/ds = f(x) with s = log10 of the tokens, fitted to the runs.

# %%
fit = dynamics.fit_ode(
    table,
    dynamics.PolynomialLibrary(degree=1),
    penalty=dynamics.Ridge(),
    benchmarks=("arc_easy", "piqa"),
    throw=False,
)
print(fit.result)
for line in fit.equations():
    print(line)

# %% [markdown]
# ## Predict a run that was left out
#
# From the first third of its checkpoints; the other sizes teach.

# %%
predicted = dynamics.hold_out(
    table,
    "pythia-1.4b",
    protocol="third",
    benchmarks=("arc_easy", "lambada_openai", "piqa", "sciq", "crows_pairs_english"),
)
predicted

# %% [markdown]
# **Limits.** Neighbouring checkpoints are not independent, so intervals along training are too narrow.
# After the first third a run changes little on this clock, and "no change" predicts as well.
