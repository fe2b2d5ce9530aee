"""Hydra configuration: values only, one yaml per family and experiment."""
