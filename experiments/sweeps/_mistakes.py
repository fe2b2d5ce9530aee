"""What was wrong with a configuration, on one line with the choices."""


def one_line(error: BaseException) -> str:
    """An error of Hydra, OmegaConf or ours as one line."""
    return " ".join(str(error).split())
