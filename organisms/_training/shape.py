"""The sizes of one model, in a file that imports nothing heavy."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ModelShape:
    """The sizes of one model.

    - `vocabulary`: number of words.
    - `width`: size of the residual stream (`d_model`).
    - `layers`, `heads`: numbers of blocks and of heads per block.
    - `mlp`: hidden units of each block's MLP.
    - `silent_mlps`: in how many of the last blocks the MLP is held at zero, so that only heads
      write there.
    - `unembedding`: inner size of a two-factor output map, or 0 for one full matrix. Smaller than
      `width` it is a bottleneck; larger, it adds no function that a full map lacks and changes
      only how training goes.

    **Raises** `ValueError` for shapes that cannot be built.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    mlp: int
    silent_mlps: int = 0
    unembedding: int = 0

    def __post_init__(self) -> None:
        for name in ("vocabulary", "width", "layers", "heads", "mlp"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"the model's {name} must be at least 1, not {getattr(self, name)}"
                )
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(
                f"width {self.width} over {self.heads} heads gives no even head size; "
                f"take a width that is a multiple of {2 * self.heads}"
            )
        if not 0 <= self.silent_mlps <= self.layers:
            raise ValueError(f"silent_mlps must lie in 0..{self.layers}, not {self.silent_mlps}")
        if self.unembedding < 0:
            raise ValueError(f"unembedding must be 0 (full) or a size, not {self.unembedding}")

    @property
    def params(self) -> int:
        """Parameter count of the exported checkpoint (a factored output map counts as its
        product)."""
        block = 4 * self.width**2 + 4 * self.width + 4 * self.width
        block += 2 * self.width * self.mlp + self.mlp + self.width
        return 2 * self.vocabulary * self.width + self.layers * block + 2 * self.width

    @property
    def trained(self) -> int:
        """Number of free parameters in training: as `params`, but with the output map's own
        factors and without the silent MLPs."""
        count = self.params
        if self.unembedding:
            count += (self.unembedding - self.width) * self.vocabulary
            count += self.unembedding * self.width
        return count - self.silent_mlps * (2 * self.width * self.mlp + self.mlp + self.width)
