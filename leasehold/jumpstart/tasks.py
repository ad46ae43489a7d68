"""What a JumpStart model does, by its id: FRAMEWORK-TASK-MODEL, as JumpStart names them. Pure."""

from collections.abc import Mapping

from leasehold.jumpstart.model import Header

UNKNOWN = "-"
_TASKS: Mapping[str, str] = {
    "asr": "speech recognition",
    "classification": "classification",
    "depth2img": "image generation",
    "eqa": "question answering",
    "fillmask": "fill mask",
    "ic": "image classification",
    "icembedding": "image embedding",
    "imagegeneration": "image generation",
    "inpainting": "inpainting",
    "is": "instance segmentation",
    "llm": "text generation",
    "ner": "named entities",
    "od": "object detection",
    "od1": "object detection",
    "reasoning": "text generation",
    "regression": "regression",
    "semseg": "semantic segmentation",
    "sentencesimilarity": "text embedding",
    "spc": "sentence pairs",
    "speech": "speech",
    "summarization": "summarization",
    "tabular": "tabular",
    "tc": "text classification",
    "tcembedding": "text embedding",
    "text2text": "text to text",
    "textembedding": "text embedding",
    "textgeneration": "text generation",
    "textgeneration1": "text generation",
    "textgeneration2": "text generation",
    "textgenerationneuron": "text generation",
    "textranking": "ranking",
    "translation": "translation",
    "txt2img": "image generation",
    "upscaling": "upscaling",
    "vlm": "vision and language",
    "zstc": "zero-shot classification",
}


def task_of(header: Header) -> str:
    """Return the task that an id or its keywords name."""
    parts = header.model_id.split("-")
    if len(parts) > 1 and parts[1] in _TASKS:
        return _TASKS[parts[1]]
    keywords = {each.lower() for each in header.search_keywords}
    return next((task for task in _TASKS.values() if task in keywords), UNKNOWN)
