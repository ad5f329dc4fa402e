"""Quality Sentinel: the Dice coefficient of a mask, predicted from image and mask without truth.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel: Estimating Label Quality and Errors in Medical
       Segmentation Datasets, 2024 (arXiv 2406.00327).
"""
