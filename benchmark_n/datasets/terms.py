"""What may be done with a dataset: licence, attribution and what of a benchmark may be passed on.

This is a summary for machines to act on, not legal advice: the publishers' own terms hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_n.errors import InputError, did_you_mean

# Of the identifiers that the Hub's dataset cards know, those that sources and users have here.
LICENCES = {
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "cdla-permissive-2.0": "https://cdla.dev/permissive-2-0/",
    "mit": "https://opensource.org/license/mit",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
}


@dataclass(frozen=True)
class Terms:
    """The terms of a dataset.

    Parameters
    ----------
    licence
        Identifier of `LICENCES`, or ``"other"`` with a `name` and a `link`, or ``"unknown"``.
    shareable
        Whether derived annotations may be passed on. If not, a benchmark of the dataset is
        published as a recipe: ids and draws, but no boxes, areas or categories.
    attribution
        A line that goes with whatever is passed on.
    citation
        BibTeX of the dataset's paper.
    """

    licence: str = "unknown"
    name: str = ""
    link: str = ""
    shareable: bool = False
    attribution: str = ""
    citation: str = ""

    @property
    def url(self) -> str:
        """Where the licence's text is; empty where that is not known."""
        return self.link or LICENCES.get(self.licence, "")

    @property
    def guarded(self) -> bool:
        """Whether a publisher's terms keep derived annotations with the user."""
        return self.licence != "unknown" and not self.shareable


def users_terms(licence: str, name: str, terms: Terms) -> Terms:
    """Terms of a user's own annotations under `licence`.

    Parameters
    ----------
    name, terms
        The dataset that they are of, and its terms.

    Raises
    ------
    InputError
        A `licence` that is not known, or a dataset that has terms of its own.
    """
    if terms.licence != "unknown":
        raise InputError(
            f"licence '{licence}': this benchmark's source has terms of its own "
            f"({name}: {terms.name or terms.licence}), expected data of your own"
        )
    if licence not in LICENCES:
        raise InputError(f"unknown licence '{licence}': {did_you_mean(licence, LICENCES)}")
    return Terms(licence, shareable=True)


UNKNOWN = Terms()
OWN = Terms("cc0-1.0", shareable=True, attribution="Drawn by Benchmark-N; no attribution needed.")
COCO = Terms(
    "cc-by-4.0",
    shareable=True,
    attribution="Annotations: COCO Consortium, CC BY 4.0. Changed: see the recipe.",
    citation="""@inproceedings{lin2014coco,
  title = {Microsoft {COCO}: Common Objects in Context},
  author = {Lin, Tsung-Yi and Maire, Michael and Belongie, Serge and Hays, James and Perona, Pietro
            and Ramanan, Deva and Doll{\\'a}r, Piotr and Zitnick, C. Lawrence},
  booktitle = {ECCV},
  year = {2014}
}""",
)
LVIS = Terms(
    "cc-by-4.0",
    shareable=True,
    attribution="Annotations: the LVIS authors, CC BY 4.0. Changed: see the recipe.",
    citation="""@inproceedings{gupta2019lvis,
  title = {{LVIS}: A Dataset for Large Vocabulary Instance Segmentation},
  author = {Gupta, Agrim and Doll{\\'a}r, Piotr and Girshick, Ross},
  booktitle = {CVPR},
  year = {2019}
}""",
)
CITYSCAPES = Terms(
    "other",
    "cityscapes-terms-of-use",
    "https://www.cityscapes-dataset.com/license/",
    attribution="Made from Cityscapes, which its publisher alone hands out.",
    citation="""@inproceedings{cordts2016cityscapes,
  title = {The {Cityscapes} Dataset for Semantic Urban Scene Understanding},
  author = {Cordts, Marius and Omran, Mohamed and Ramos, Sebastian and Rehfeld, Timo and
            Enzweiler, Markus and Benenson, Rodrigo and Franke, Uwe and Roth, Stefan and
            Schiele, Bernt},
  booktitle = {CVPR},
  year = {2016}
}""",
)
VIPER = Terms(
    "other",
    "viper-terms-of-use",
    "https://playing-for-benchmarks.org",
    attribution="Made from VIPER, which its publisher alone hands out.",
    citation="""@inproceedings{richter2017playing,
  title = {Playing for Benchmarks},
  author = {Richter, Stephan R. and Hayder, Zeeshan and Koltun, Vladlen},
  booktitle = {ICCV},
  year = {2017}
}""",
)
CAMUS = Terms(
    "cc-by-nc-sa-4.0",
    attribution="Made from CAMUS, which its publisher alone hands out, for research only.",
    citation="""@article{leclerc2019camus,
  title = {Deep Learning for Segmentation Using an Open Large-Scale Dataset in {2D}
           Echocardiography},
  author = {Leclerc, Sarah and Smistad, Erik and Pedrosa, Jo{\\~a}o and others},
  journal = {IEEE Transactions on Medical Imaging},
  volume = {38},
  number = {9},
  year = {2019}
}""",
)
