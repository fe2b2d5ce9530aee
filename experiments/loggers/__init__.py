"""Callbacks of Hydra that log jobs where people look; a package is imported when it is chosen."""

from ._mlflow import MLflow as MLflow
from ._wandb import WandB as WandB
