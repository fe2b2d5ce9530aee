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
# # The main job: does a family pay for what it gains?
#
# The shipped table `uniform` holds 148 base models, all measured with one harness. As the models of a
# family get better at reasoning (HellaSwag), does truth (TruthfulQA MC2) fall or rise? For a table of
# your own, put `dynamics.read_scores("my_scores.csv")` in place of `load_table`.

# %%
from nullcline import dynamics

table = dynamics.load_table("uniform")
table

# %% [markdown]
# ## One row for each family
#
# `gamma` is the coupling at the family's largest models: points of truth per point of reasoning. A
# family is in *tax* if the whole 95 % interval lies below -0.1, in *bonus* if it lies above 0.1.

# %%
found = dynamics.diagnose(table)
families = found.to_pandas()
print(families["phase"].value_counts().to_string())
print(f"chance alone would call {found.expected_false_calls:.2f} families tax or bonus")

# %%
for name in ("Pythia", "OPT", "Llama"):
    family = found.families[name]
    now = family.current
    print(f"{name}: {family.phase}, {now.gamma:+.2f} [{now.low:+.2f}, {now.high:+.2f}]")

# %% [markdown]
# ## Is there a common turn?
#
# A place is reported only if three tests reject together: a bend, a fall before the place, a rise
# after it. Beside the p stands the power: how often the test would find a turn that is there.

# %%
turn = found.common_turn["reasoning"]
print("established:", turn.established)
print(f"p {turn.gate_p:.3f}, power {turn.power:.2f}")
print(f"within R²: own lines {turn.own_slopes_r2:.2f}, one common curve {turn.within_r2:.2f}")

# %% [markdown]
# What the scores show instead: families that score higher have a higher coupling.

# %%
level = found.level
print(f"{level.slope:+.2f} [{level.low:+.2f}, {level.high:+.2f}], {level.families} families")

# %% [markdown]
# ## One family as a figure

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
for name in ("Pythia", "OPT", "Llama", "Qwen2"):
    family = found.families[name]
    axes.plot(100 * family.reasoning, 100 * family.truth, "o-", label=f"{name}: {family.phase}")
axes.set(xlabel="HellaSwag, %", ylabel="TruthfulQA MC2, %")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## What to measure next
#
# Which further sizes of OPT would tell most about where it may turn, for a budget of 10¹³ questions times
# parameters?

# %%
dynamics.plan_measurements(table.select(["OPT"]), budget=1e13)

# %% [markdown]
# The same from a shell: `nullcline diagnose`, `nullcline plan --family OPT --budget 1e13`.
#
# **Limits.** A coupling over sizes is no cause. Families of one lab are not independent.
