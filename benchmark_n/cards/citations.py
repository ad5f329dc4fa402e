"""What a card asks to be cited."""

from __future__ import annotations

from benchmark_n.datasets.terms import Terms

NOISES = """@article{kimhi2025noisy,
  title = {Noisy Annotations in Semantic Segmentation},
  author = {Kimhi, Moshe and others},
  journal = {arXiv:2406.10891},
  year = {2025}
}"""


def citations(terms: Terms) -> str:
    """BibTeX of the noises' paper and of the source."""
    return "\n\n".join(filter(None, [NOISES, terms.citation]))
