"""The task of a model, by its id or its keywords."""

import pytest

from leasehold.jumpstart.tasks import task_of
from tests.leasehold.jumpstart.catalogue import header


@pytest.mark.parametrize(
    ("model_id", "keywords", "task"),
    [
        ("huggingface-llm-falcon-40b-instruct-bf16", (), "text generation"),
        ("huggingface-text2text-flan-t5-xxl", (), "text to text"),
        ("pytorch-ic-mobilenet-v2", ("Vision",), "image classification"),
        ("acme-large", ("Text Generation", "Chat"), "text generation"),
        ("acme-large", ("Chat",), "-"),
        ("acme", (), "-"),
    ],
)
def test_it_is_named_in_words(model_id: str, keywords: tuple[str, ...], task: str) -> None:
    assert task_of(header("1.0.0", model_id, search_keywords=keywords)) == task
