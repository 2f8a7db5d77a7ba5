"""Two-sample tests against scipy's own, and what they do at the edges."""

import numpy as np
import pytest
from scipy import stats

from tasks.monitoring import two_sample


def distance(reference: np.ndarray, current: np.ndarray) -> float:
    steps = two_sample.steps(np.sort(reference), np.sort(current))
    return float(np.abs(steps.reference - steps.current).max())


@pytest.mark.parametrize("sizes", [(5, 300), (300, 5), (200, 200), (1, 1)])
@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_the_distance_is_that_of_scipy_with_and_without_ties(sizes: tuple[int, int], decimals: int) -> None:
    rng = np.random.default_rng(sum(sizes) + decimals)
    reference, current = rng.normal(0, 2, sizes[0]).round(decimals), rng.normal(0.4, 2, sizes[1]).round(decimals)

    ours = distance(reference, current)

    assert ours == pytest.approx(stats.ks_2samp(reference, current).statistic)


def test_a_cut_says_which_values_are_at_or_below_it() -> None:
    reference, current = np.arange(0.0, 10.0), np.array([4.5, 20.0])

    steps = two_sample.steps(reference, current)

    for cut, was, now in zip(steps.cuts, steps.reference, steps.current, strict=True):
        assert (was, now) == ((reference <= cut).mean(), (current <= cut).mean())


def test_the_p_value_of_a_distance_is_that_of_kolmogorovs_distribution() -> None:
    effective_root = np.sqrt(400 * 100 / 500)

    p_value = two_sample.kolmogorov_smirnov(0.15, 400, 100)

    assert p_value == pytest.approx(stats.kstwobign.sf(effective_root * 0.15))


def test_frequent_levels_are_compared_by_the_chi_square_of_scipy() -> None:
    reference, current = np.array([400.0, 300.0, 300.0]), np.array([90.0, 60.0, 50.0])

    p_value = two_sample.homogeneity(reference, current)

    assert p_value == pytest.approx(stats.chi2_contingency(np.stack([reference, current]), correction=False).pvalue)


def test_many_rare_levels_are_pooled_into_one() -> None:
    reference, current = np.array([500.0, *[2.0] * 100]), np.array([500.0, *[2.0] * 100])
    pooled = np.array([[500.0, 200.0], [500.0, 150.0]])

    same = two_sample.homogeneity(reference, current)
    fewer = two_sample.homogeneity(reference, np.array([500.0, *[1.5] * 100]))

    assert same == 1.0
    assert fewer == pytest.approx(stats.chi2_contingency(pooled, correction=False).pvalue)


def test_a_level_that_is_rare_in_all_is_compared_exactly() -> None:
    reference, current = np.array([1000.0, 0.0]), np.array([26.0, 4.0])

    p_value = two_sample.homogeneity(reference, current)

    assert p_value == pytest.approx(stats.fisher_exact(np.stack([reference, current])).pvalue)


def test_a_small_batch_in_which_everything_is_new_is_noticed() -> None:
    reference, current = np.array([600.0, 400.0, 0.0]), np.array([0.0, 0.0, 30.0])

    p_value = two_sample.homogeneity(reference, current)

    assert p_value < 1e-20


@pytest.mark.parametrize("counts", [([7.0], [3.0]), ([1000.0, 0.0], [10.0, 0.0]), ([1.0, 1.0], [1.0, 1.0])])
def test_one_level_or_next_to_no_rows_tell_nothing(counts: tuple[list[float], list[float]]) -> None:
    reference, current = np.array(counts[0]), np.array(counts[1])

    p_value = two_sample.homogeneity(reference, current)

    assert p_value == pytest.approx(1.0)


def test_benjamini_hochberg_rejects_up_to_the_last_p_value_below_its_line() -> None:
    p_values = np.array([0.039, 0.005, 0.9, 0.029, 0.031])

    rejected = two_sample.benjamini_hochberg(p_values, 0.05)

    assert rejected.tolist() == (stats.false_discovery_control(p_values) <= 0.05).tolist()
    assert rejected.tolist() == [True, True, False, True, True]


def test_benjamini_hochberg_rejects_nothing_when_nothing_is_small() -> None:
    p_values = np.array([0.2, 1.0, 0.06])

    rejected = two_sample.benjamini_hochberg(p_values, 0.05)

    assert not rejected.any()
