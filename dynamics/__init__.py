"""Families of language models: their scores, their phases, the dynamics of their capabilities."""
