"""The IoU of a mask, predicted by a regressor that is fitted to the dataset's own masks.

The given masks, most of which are right, and smoothly worse ones made of them are described by
numbers of outline and picture; boosted trees learn the IoU of the worse ones, and are asked about
the given masks of units that they have not seen.
"""
