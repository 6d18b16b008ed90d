"""Checks of arguments that many functions share."""

import math

import pytest
import torch
from halfspace._checks import check_finite


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool])
def test_finite_numbers_pass_though_their_sum_does_not_fit(dtype):
    largest = 1 if dtype == torch.bool else torch.finfo(dtype).max if dtype.is_floating_point else 5
    check_finite("x", torch.full((4,), largest, dtype=dtype))
    check_finite("x", torch.empty(0, dtype=dtype))


@pytest.mark.parametrize("bad", [[math.nan], [math.inf], [-math.inf], [math.inf, -math.inf]])
def test_others_are_counted(bad):
    values = torch.tensor([1.0, *bad, 2.0])
    with pytest.raises(ValueError, match=f"^x must be finite; {len(bad)} of {len(values)} values"):
        check_finite("x", values)
    with pytest.raises(ValueError, match="^x must be finite"):
        check_finite("x", values.numpy())
