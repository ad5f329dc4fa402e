"""How far several annotators, reviewers or rankings agree, beyond chance."""

from benchmark_n.evaluators.agreement.kappa import Kappa, cohen_kappa, fleiss_kappa
from benchmark_n.evaluators.agreement.rankings import RankingAgreement, ranking_agreement

__all__ = ["Kappa", "RankingAgreement", "cohen_kappa", "fleiss_kappa", "ranking_agreement"]
