"""How far several annotators or reviewers agree, beyond what chance makes them agree."""

from benchmark_n.evaluators.agreement.kappa import Kappa, cohen_kappa, fleiss_kappa

__all__ = ["Kappa", "cohen_kappa", "fleiss_kappa"]
