"""Distributions beside those of scipy.stats: the same numbers to the last bit."""

import numpy as np
import pytest
from scipy import stats

from nullcline.common import distributions

_DOF = np.array([0.5, 1, 2, 3.7, 30, 1e4])[:, None]
_X = np.array([0.0, 0.1, 1, 4, 40, np.inf, np.nan])
_Q = np.array([1e-9, 0.025, 0.5, 0.95, 1 - 1e-9, np.nan])


@pytest.mark.parametrize("sign", [-1, 1])
def test_t_is_scipys(sign):
    np.testing.assert_array_equal(
        distributions.t.cdf(sign * _X, _DOF), stats.t.cdf(sign * _X, _DOF)
    )
    np.testing.assert_array_equal(distributions.t.sf(sign * _X, _DOF), stats.t.sf(sign * _X, _DOF))


def test_quantiles_are_scipys():
    np.testing.assert_array_equal(distributions.t.ppf(_Q, _DOF), stats.t.ppf(_Q, _DOF))
    np.testing.assert_array_equal(distributions.f.ppf(_Q, 2, _DOF), stats.f.ppf(_Q, 2, _DOF))
    np.testing.assert_array_equal(distributions.chi2.ppf(_Q, _DOF), stats.chi2.ppf(_Q, _DOF))
    np.testing.assert_array_equal(distributions.norm.ppf(_Q), stats.norm.ppf(_Q))


def test_squares_below_0_by_rounding_count_as_0():
    x = np.append(_X, -1e-17)
    np.testing.assert_array_equal(distributions.f.sf(x, 2, _DOF), stats.f.sf(x, 2, _DOF))
    np.testing.assert_array_equal(distributions.chi2.sf(x, _DOF), stats.chi2.sf(x, _DOF))
