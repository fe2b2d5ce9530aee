"""Hydra entry point: `python -m experiments.attribute_heads -m model=web-8,web-16,web-40`.

Each job studies the heads of one model, with the same library calls as `nullcline heads`, and
writes a record; `nullcline census` counts over the records of a sweep.
"""

import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import use_double_precision
from .schemas import AttributeHeads, register_models

register_models()


@hydra.main(version_base="1.3", config_path="../configs", config_name="attribute_heads")
def main(config: DictConfig) -> None:
    """Study the heads of one model and record them."""
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, AttributeHeads)
    attribute_heads(settings, Path(HydraConfig.get().runtime.output_dir))


def attribute_heads(settings: AttributeHeads, folder: Path) -> Path:
    """One job: the study that `settings` ask for, recorded in `folder`."""
    from .commands.loading import load_named
    from .head_study import choose_pairs, study_heads
    from .heads_json import study_to_dict
    from .records import write_record

    started = time.monotonic()
    chosen, asked = settings.model, settings.pairs
    model = load_named(
        chosen.name,
        revision=chosen.revision,
        dtype=chosen.dtype,
        device=chosen.device,
        offline=chosen.offline,
    )
    pairs = choose_pairs(
        model,
        pairs=Path(asked.path) if asked.path else None,
        named_set=asked.named_set,
        reasoning=Path(asked.reasoning_path) if asked.reasoning_path else None,
        count=asked.count,
        seed=settings.seed,
    )
    study = study_heads(
        model,
        pairs,
        method=settings.method,
        false_discovery_rate=settings.false_discovery_rate,
        check_top=settings.top,
        seed=settings.seed,
    )
    return write_record(
        folder,
        command="heads",
        settings=OmegaConf.to_container(OmegaConf.structured(settings), resolve=True),  # pyright: ignore[reportArgumentType]
        inputs={model.name: model.fingerprint, **pairs.inputs},
        result=study_to_dict(study),
        started=started,
    )


if __name__ == "__main__":
    use_double_precision()
    main()
