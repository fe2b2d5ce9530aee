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
# # A truth vector and its controls
#
# `organism:knowing-48` is a shipped model that answers none of the test questions rightly when it is
# asked plainly, and all of them when it is asked as a reference book would ask. So it holds the
# truths. Can one vector, added to its states, bring them out, and what does that cost?

# %%
from nullcline import interp

model = interp.load_model("organism:knowing-48")
sets = interp.default_sets(model)
print(len(sets.statements), "statements,", len(sets.questions), "questions")
print(sets.questions[0].prompt, sets.questions[0].options)

# %% [markdown]
# ## Find it
#
# The full search looks at every layer with four methods and takes about 25 s. Here it is bounded: one
# method that adds no cue. The vector is chosen on *validation* questions, within a budget of damage.

# %%
found = interp.find_truth_vector(model, sets, methods=("trained",))
found.vector

# %% [markdown]
# ## Look at one answer
#
# Greedy text, with the vector and without it.

# %%
prompt = "large wasp fears"
print("without:", interp.generate(model, prompt, max_new_tokens=4).text)
with interp.steer(model, found.vector):
    print("with:   ", interp.generate(model, prompt, max_new_tokens=4).text)

# %% [markdown]
# ## Judge it
#
# One answer shows nothing. The table has *test* questions that the vector has not seen, and beside it
# what else would have changed answers: nothing added, 20 random directions of the same length, the
# same method on shuffled labels, and a prompt that asks for the truth.

# %%
judged = interp.evaluate_vector(model, found.vector, sets)
judged

# %%
print("verdict:", judged.verdict)
print(f"corrected {judged.row('steered').corrected_share:.2f} of the false answers")
print(f"largest of the random directions {judged.row('random_max').corrected_share:.2f}")
print(f"shuffled labels {judged.row('shuffled_labels').corrected_share:.2f}")

# %% [markdown]
# The vector counts only if it corrects more than the largest random direction and more than shuffled
# labels. A vector that moves answers, and no more of them than a random one, has found nothing.
#
# The same from a shell:
#
#     nullcline truth organism:knowing-48 -o truth.safetensors
#     nullcline evaluate organism:knowing-48 --vector truth.safetensors
#
# **Limits.** A tiny model in a synthetic world, made so that it knows and does not say.
