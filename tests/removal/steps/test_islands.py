import numpy as np
import pytest

from recorte.removal.steps.islands import SOFT, by_size, decided, drop_loose, drop_unsure, regions


def two_islands(peak: float) -> np.ndarray:
    """float32 (20, 40): a region of 9 pixels with a peak of 1 on the left, one of 4 pixels on the right; soft rims."""
    alpha = np.zeros((20, 40), np.float32)
    alpha[4:9, 4:9] = 0.3
    alpha[5:8, 5:8] = 0.8
    alpha[6, 6] = 1
    alpha[9:13, 29:33] = 0.2
    alpha[10:12, 30:32] = 0.6
    alpha[10, 30] = peak
    return alpha


def test_a_region_that_is_nowhere_sure_goes_with_its_soft_rim_and_the_others_stay_to_the_last_bit() -> None:
    alpha = two_islands(0.94)
    kept = drop_unsure(alpha, 0.95)
    assert kept.dtype == np.float32
    assert kept[:, 20:].max() == 0
    assert np.array_equal(kept[:, :15], alpha[:, :15])
    assert alpha[10, 30] == np.float32(0.94)  # what was given is left as it is


def test_a_region_with_one_sure_pixel_stays() -> None:
    alpha = two_islands(0.95)
    assert np.array_equal(drop_unsure(alpha, 0.95), alpha)


def test_a_veil_without_any_region_goes() -> None:
    assert drop_unsure(np.full((8, 8), 0.5, np.float32), 0.95).max() == 0
    assert drop_unsure(np.zeros((8, 8), np.float32), 0.95).max() == 0


def test_a_photo_full_of_somebody_stays() -> None:
    alpha = np.full((8, 8), 0.97, np.float32)
    assert np.array_equal(drop_unsure(alpha, 0.95), alpha)


def test_what_is_soft_goes_unless_it_hangs_together_with_a_region() -> None:
    alpha = two_islands(1)
    alpha[15:18, 5:12] = 0.4
    kept = drop_loose(alpha)
    assert kept[15:18].max() == 0
    assert np.array_equal(kept[:15], alpha[:15])
    alpha[9:15, 6] = 0.05  # too faint to connect, or to be cleared
    kept = drop_loose(alpha)
    assert kept[15:18].max() == 0
    assert np.array_equal(kept[:15], alpha[:15])
    alpha[9:15, 6] = 0.07
    assert np.array_equal(drop_loose(alpha), alpha)


def test_corners_connect() -> None:
    alpha = np.zeros((6, 6), np.float32)
    alpha[1:3, 1:3] = 1
    alpha[3:5, 3:5] = 0.6
    assert regions(alpha)[1] == 1
    assert np.array_equal(drop_unsure(alpha, 0.95), alpha)


def test_regions_by_size_share_all_pixels_without_overlap() -> None:
    alpha = two_islands(1)
    large, small = by_size(alpha)
    assert large[6, 6] == small[10, 30] == 1
    assert large[10, 30] == small[6, 6] == 0
    assert np.array_equal(large + small, np.ones_like(alpha))
    assert small[9, 29] == 1  # its soft rim
    assert by_size(np.zeros((4, 4), np.float32)) == []


def test_away_from_outlines_an_alpha_is_all_or_nothing() -> None:
    alpha = np.full((500, 500), 0.3, np.float32)  # a smear beside somebody
    alpha[:, 250:] = 0.7  # and doubt in them
    found = decided(alpha)
    assert SOFT * 500 == 3  # pixels to each side
    assert found[100, 252] == pytest.approx(5 / 6) and (found[:, 253:] == 1).all()
    assert found[100, 247] == pytest.approx(1 / 6) and (found[:, :247] == 0).all()
    assert found[100, 249] == pytest.approx(0.3) and found[100, 250] == pytest.approx(0.7)  # at the outline as it was
    assert found[100, 248] == pytest.approx(0.3)  # 1.5 pixels away, where 0.5 may be left
    assert alpha[0, 0] == np.float32(0.3)


def test_hair_and_sharp_outlines_stay_as_they_are() -> None:
    alpha = np.zeros((500, 500), np.float32)
    alpha[100:300, 100:300] = 1
    alpha[99, 100:300] = 0.4
    alpha[98, 120:140] = 0.2
    assert np.array_equal(decided(alpha), alpha)


def test_nobody_and_somebody_everywhere() -> None:
    assert (decided(np.full((9, 9), 0.4, np.float32)) == np.float32(0.4)).all()
    assert (decided(np.full((9, 9), 0.6, np.float32)) == 1).all()
