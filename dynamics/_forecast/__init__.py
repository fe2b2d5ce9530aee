"""Prediction of models that a fit never saw, and what it has to beat."""
