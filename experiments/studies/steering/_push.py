"""A card and its vector on the hub, where somebody asks for it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from ....common.progress import Progress
from ._card import card_of
from ._study import SteeringStudy

_CARD, _RESULT, _FOUND = "README.md", "evaluation.json", "truth.safetensors"


def check_push(repo: str) -> str:
    """The token with which `repo` may be written, from the environment or the hub's login.

    **Raises** `ValueError` for a name that is none of a repository, and without a token.
    """
    from huggingface_hub import get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        repo = ""
    if "/" not in repo:
        raise ValueError("--push takes OWNER/NAME of a repository on the hub, such as me/my-vector")
    token = get_token()
    if not token:
        raise ValueError(f"--push {repo}: no token of the hub; set HF_TOKEN, or run hf auth login")
    return token


def push(repo: str, study: SteeringStudy, *, token: str, say: Progress) -> str:
    """Upload the card, its JSON and the vector's file in one commit; its address.

    The repository is made, for its owner alone, where there is none. The hub is that of
    `HF_ENDPOINT` where it is set. `say` is told what is sent before it is.

    **Raises** `ValueError` where the vector's file is another since it was judged, and for whatever
    the hub or the network refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HTTPError

    files = _files(study)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    listed = ", ".join(f"{name} ({len(content):,} bytes)" for name, content in files.items())
    say(f"uploading {listed} to {repo} at {api.endpoint}; a new repository is private")
    operations = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
        for name, content in files.items()
    ]
    try:
        api.create_repo(repo, private=True, exist_ok=True)
        done = api.create_commit(
            repo,
            operations,
            commit_message=f"Steering vector: {study.evaluation.verdict.replace('_', ' ')}",
        )
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        # Of a file that is uploaded apart, why it was refused stands in the cause.
        causes = [str(each) for each in (error, error.__cause__) if each is not None]
        reason = " ".join(" ".join(causes).split())[:300]
        raise ValueError(f"--push {repo}: {api.endpoint} did not take it: {reason}") from None
    return str(done.commit_url)


def _files(study: SteeringStudy) -> dict[str, bytes]:
    """What is uploaded, by its name there."""
    card, result = card_of(study)
    name, content = _vector(study)
    # A vector may be exported as JSON, under any name.
    name = f"vector-{name}" if name in (_CARD, _RESULT) else name
    return {_CARD: card.encode("utf-8"), _RESULT: result.encode("utf-8"), name: content}


def _vector(study: SteeringStudy) -> tuple[str, bytes]:
    from ....interp import save_vector

    if study.file is None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _FOUND
            save_vector(study.vector, path)
            return path.name, path.read_bytes()
    content = study.file.read_bytes()
    if hashlib.sha256(content).hexdigest() != study.inputs[str(study.file)]:
        raise ValueError(f"{study.file} is another file since it was judged; run the command again")
    return study.file.name, content
