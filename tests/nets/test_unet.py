"""The U-Net: shapes, published size, and that it learns and normalises each image alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmark_n.errors import InputError

torch = pytest.importorskip("torch")

from benchmark_n.nets.unet import UNet, named_unet  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("channels", "classes", "width", "depth"), [(1, 2, 8, 2), (3, 5, 4, 3)])
def test_output_has_the_size_of_the_input(
    channels: int, classes: int, width: int, depth: int
) -> None:
    network = UNet(channels, classes, width=width, depth=depth)
    assert network(torch.zeros(2, channels, 32, 48)).shape == (2, classes, 32, 48)


def test_the_standard_size_is_that_of_the_paper() -> None:
    # The kernels of Figure 1: 64 to 1,024 channels in five levels, two 3 x 3 convolutions each.
    network = named_unet("standard", 1, 2)
    kernels = [p for p in network.parameters() if p.ndim == 4]
    widths = [64, 128, 256, 512, 1024]
    expected = 9 * (1 * 64 + 64 * 64)
    for a, b in pairwise(widths):
        expected += 9 * (a * b + b * b) + 4 * b * a + 9 * (b * a + a * a)
    expected += 64 * 2
    assert sum(kernel.numel() for kernel in kernels) == expected


def test_an_image_does_not_depend_on_its_batch() -> None:
    network = UNet(1, 2, width=8, depth=2).train()
    images = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    together, alone = network(images)[1], network(images[1:2])[0]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_it_learns_a_threshold() -> None:
    torch.manual_seed(0)
    network = named_unet("tiny", 1, 2)
    images = torch.rand(4, 1, 32, 32)
    truth = (images[:, 0] > 0.5).long()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(40):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(images), truth)
        loss.backward()
        optimizer.step()
    assert (network(images).argmax(1) == truth).float().mean() > 0.97


@pytest.mark.parametrize(("width", "depth"), [(6, 2), (8, 0), (0, 2)])
def test_impossible_sizes_are_named(width: int, depth: int) -> None:
    with pytest.raises(InputError, match="multiple of 4"):
        UNet(1, 2, width=width, depth=depth)


def test_unknown_variant() -> None:
    with pytest.raises(InputError, match="standard, small, tiny"):
        named_unet("large", 1, 2)
