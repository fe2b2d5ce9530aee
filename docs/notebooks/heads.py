# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which heads push to the truth?
#
# One shipped model, looked into in five minutes. `organism:heads-64` has four layers of four
# attention heads and no MLPs, was trained by this project on a text in which a misconception is
# popular, and needs no network and no GPU. Any open-weight decoder takes its place: give
# `interp.load_model` a hub id or a folder instead.

# %%
from nullcline import interp

model = interp.load_model("organism:heads-64")
model

# %% [markdown]
# The model that is loaded is the plain HuggingFace network (`model.network`) and, sharing its
# weights, a TransformerLens bridge (`model.bridge`). *Parity* is the largest distance between the
# logits of the two.
#
# The organism brings its own ground truth along: prompts with a true answer and the popular false
# one, and reasoning prompts.

# %%
truth = interp.read_pairs(interp.organism_file(model, "pairs.csv"))
reasoning = interp.read_pairs(interp.organism_file(model, "reasoning_pairs.csv"))
for pair in (truth[0], reasoning[0]):
    print(f"{pair.prompt!r}: {pair.true!r}, not {pair.false!r}")
print(len(truth), "pairs about truth,", len(reasoning), "about reasoning")

# %% [markdown]
# ## Direct logit attribution
#
# How much does each head add to logit(true answer) - logit(false answer)? The residual stream is a
# sum, so with the scale of the final norm taken as it was, the shares of all parts add up to the
# model's own difference; the *completeness residual* says how nearly. Blue pushes to the true answer,
# red to the false one; point at a cell for its figures. A dot marks a head that competes: significant
# on truth and on reasoning, with opposite signs.

# %%
heads = interp.attribute_heads(model, truth, reasoning=reasoning)
heads

# %%
heads.to_pandas()[["layer", "head", "truth", "truth_q", "reasoning", "reasoning_q"]].round(3)

# %% [markdown]
# The intervals are over pairs, p comes from flipping the signs of pairs, q from
# Benjamini-Hochberg over all heads. Where does the strongest head look?

# %%
strongest = heads.top(1)[0]
words, weights = heads.pattern(strongest.layer, strongest.head, pair=0)
{word: round(float(weight), 2) for word, weight in zip(words, weights[-1], strict=True)}

# %% [markdown]
# ## Does the model need them?
#
# A direct share is not an effect: what a head writes may be read again, or replaced. Name heads on
# one half of the pairs, hold each at its mean output on the other half, and see what is lost.

# %%
named = interp.attribute_heads(model, truth[::2], reasoning=reasoning[::2]).top(3)
selected = [(head.layer, head.head) for head in named]
lost = interp.mean_ablation(model, truth[1::2], selected)
for head, mean, low, high in zip(selected, lost.mean, lost.low, lost.high, strict=True):
    print(f"without {head}: {mean:+.2f} logits lost [{low:+.2f}, {high:+.2f}]")

# %% [markdown]
# Effects through everything that follows, for all heads at once: attribution patching (gradient times
# the difference of two runs), the largest checked exactly. The correlation says how far the estimate
# may be trusted here. Compare the signs with those above: what a head writes directly may point away
# from the truth while later heads make use of it.

# %%
patching = interp.attribution_patching(model, truth, check_top=8)
for layer, head, exact in patching.exact:
    print(f"{layer}.{head}: estimated {patching.heads.mean[layer, head]:+.3f}, exact {exact:+.3f}")
print(f"correlation {patching.correlation:.2f}")

# %% [markdown]
# ## The published count, beside its controls
#
# The paper counts a layer as competing where the states of a truth prompt and of a reasoning prompt
# point against each other (cosine below -0.5) on most pairs. States of one model share a large mean,
# so the count should be judged by what it gives where nothing can compete: random pairs of prompts,
# and the same model with shuffled weights.

# %%
published = interp.published_competition(
    model, [pair.prompt for pair in truth], [pair.prompt for pair in reasoning]
)
for name in ("published", "random_prompt_pairs", "shuffled_weights"):
    count = getattr(published, name)
    cosines = ", ".join(f"{cosine:+.2f}" for cosine in count.mean_cosine)
    print(f"{name}: {count.competing_layers} of {model.n_layers} layers; mean cosines {cosines}")

# %% [markdown]
# ## What the unembedding does to the two directions
#
# Their cosine before and after the output projection, and the range of what the same map does to two
# random directions at the same angle.

# %%
output = interp.output_projection(
    model, [pair.prompt for pair in truth], [pair.prompt for pair in reasoning]
)
print(f"before {output.hidden:+.3f}, after {output.logits:+.3f}")
print(f"random directions at that angle [{output.null_low:+.3f}, {output.null_high:+.3f}]")

# %% [markdown]
# ## The same from a shell
#
#     nullcline heads organism:heads-64
#     nullcline heads organism:heads-64 --method attribution-patching --json --out runs/heads-64
#
# Limits: direct effects alone say what is written, not what is used; pairs are taken as independent;
# what holds in a model of 200,000 parameters need not hold in a larger one.
