import numpy as np
import pytest

from recorte.data.batches.company import join_people, part_with_people, part_without_people, paste_person
from recorte.data.sample import Sample

NOISE = np.random.default_rng(0)


def person_before_noise() -> Sample:
    photo = NOISE.integers(0, 256, (50, 60, 3), dtype=np.uint8)
    alpha = np.zeros((50, 60), np.uint8)
    alpha[10:40, 20:45] = 255
    return Sample(photo, alpha, np.ones((50, 60), np.uint8), "person")


# A person before another background


@pytest.mark.parametrize("seed", range(5))
def test_a_person_before_a_new_background(seed: int) -> None:
    sample = person_before_noise()
    background = NOISE.integers(0, 256, (50, 60, 3), dtype=np.uint8)
    result = paste_person(sample, background, seed)
    solid, gone = result.alpha == 255, result.alpha == 0
    assert np.array_equal(result.photo[solid], sample.photo[solid])
    assert np.array_equal(result.photo[gone], background[gone])
    assert solid[18:32, 28:37].all()
    assert gone[:4].all() and gone[:, :14].all()
    assert len(np.unique(result.alpha)) > 4  # the seam is soft
    assert not solid[sample.alpha == 0].any()  # nothing of the old background comes along whole
    assert result.weight.min() == 1


@pytest.mark.parametrize("shape", [(50, 60), (500, 30), (3, 400), (1, 1)])
def test_the_new_background_covers_the_photo(shape: tuple[int, int]) -> None:
    background = np.full((*shape, 3), (10, 200, 30), np.uint8)
    result = paste_person(person_before_noise(), background, seed=3)
    assert result.photo.shape == (50, 60, 3)
    assert (result.photo[result.alpha == 0] == (10, 200, 30)).all()


def test_crowds_stay_behind() -> None:
    sample = person_before_noise()
    weight = np.ones((50, 60), np.uint8)
    weight[:, :32] = 0
    background = np.full((50, 60, 3), 7, np.uint8)
    result = paste_person(Sample(sample.photo, sample.alpha, weight, "crowd"), background, seed=0)
    assert (result.photo[:, :28] == 7).all()
    assert not result.alpha[:, :28].any()
    assert result.alpha[25, 38] == 255
    assert result.weight.min() == 1


# People who join others


def plain(colour: int, height: int, width: int, box: tuple[slice, slice] | None, weight: int = 1) -> Sample:
    """A photo of one colour; whoever is in `box` has the same colour."""
    alpha = np.zeros((height, width), np.uint8)
    if box is not None:
        alpha[box] = 255
    photo = np.full((height, width, 3), colour, np.uint8)
    return Sample(photo, alpha, np.full((height, width), weight, np.uint8), "plain")


@pytest.mark.parametrize("seed", range(20))
def test_people_join_whole_and_mostly_smaller(seed: int) -> None:
    room = plain(10, 200, 240, None)
    guests = plain(250, 400, 300, np.s_[40:360, 60:240])  # 320 x 180 of them; 160 x 90 at most when all of it fits in
    result = join_people(room, guests, seed)
    solid, gone = result.alpha == 255, result.alpha == 0
    assert (result.photo[solid] == 250).all()
    assert (result.photo[gone] == 10).all()
    rows, columns = (np.flatnonzero((result.alpha > 127).any(axis=axis)) for axis in (1, 0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 0.25 * 160 - 4 <= height <= 160
    assert width == pytest.approx(height * 180 / 320, abs=4)
    assert (room.photo == 10).all() and not room.alpha.any()  # what was given stays as it was


def test_places_and_sizes_differ() -> None:
    room, guests = plain(10, 200, 240, None), plain(250, 400, 300, np.s_[40:360, 60:240])
    results = [join_people(room, guests, seed).alpha for seed in range(20)]
    assert len({np.flatnonzero(alpha.any(axis=1))[0] for alpha in results}) > 10
    assert len({int((alpha > 127).sum()) // 100 for alpha in results}) > 10


def test_those_who_were_there_stay() -> None:
    room = plain(10, 200, 240, np.s_[:, :])
    result = join_people(room, plain(250, 200, 240, np.s_[50:150, 50:150]), seed=1)
    assert (result.alpha == 255).all()
    assert (result.photo == 250).any()


def test_what_is_ignored_does_not_come_along_but_may_be_stood_before() -> None:
    crowd = plain(10, 200, 200, None, weight=0)
    guests = plain(250, 200, 200, np.s_[40:160, 40:160])
    guests.weight[:, :100] = 0
    result = join_people(crowd, guests, seed=2)
    assert np.array_equal(result.weight > 0, result.alpha > 0)
    rows, columns = (np.flatnonzero((result.alpha > 127).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(columns) == pytest.approx(np.ptp(rows) / 2, abs=3)  # the right half of the guests


def test_joined_by_nobody_a_photo_is_as_it_was() -> None:
    room = plain(10, 40, 60, np.s_[5:20, 5:20])
    result = join_people(room, plain(250, 50, 50, None), seed=0)
    for name in ("photo", "alpha", "weight"):
        assert np.array_equal(getattr(result, name), getattr(room, name))


# Parts without people


def test_parts_lie_beside_and_above_everybody() -> None:
    sample = person_before_noise()
    sample.alpha[:] = 0
    sample.alpha[22:30, 20:30] = 255  # of 50 x 60
    seen = {part_without_people(sample, seed).photo.tobytes() for seed in range(30)}
    wanted = [sample.photo[:22], sample.photo[30:], sample.photo[:, :20], sample.photo[:, 30:]]
    assert seen == {part.tobytes() for part in wanted}
    part = part_without_people(sample, 0)
    assert not part.alpha.any() and part.weight.all()
    assert part.photo.shape[:2] == part.alpha.shape == part.weight.shape


def test_parts_that_are_narrow_are_not_taken() -> None:
    sample = person_before_noise()
    sample.alpha[:] = 0
    sample.alpha[10:45, 17:19] = 255  # above 10 of 50, below 5; on the left 17 of 60
    parts = {part_without_people(sample, seed).photo.tobytes() for seed in range(10)}
    assert parts == {sample.photo[:, 19:].tobytes()}


@pytest.mark.parametrize("kind", ["large", "ignored", "nobody", "everywhere"])
def test_where_there_is_no_such_part_the_sample_stays(kind: str) -> None:
    sample = person_before_noise()
    sample.alpha[:] = 0
    sample.alpha[0:5, 0:5] = 255
    if kind == "large":
        sample.alpha[:20, :30] = 255
    elif kind == "ignored":
        sample.weight[40, 40] = 0
    elif kind == "nobody":
        sample.alpha[:] = 0
    else:
        sample.alpha[[0, 20, 35, 49], :] = sample.alpha[:, [0, 25, 40, 59]] = 0
        sample.alpha[0, 0] = sample.alpha[49, 59] = 255
    assert part_without_people(sample, 0) is sample


# A part of a photo around somebody


def test_a_part_is_around_one_of_the_people_with_the_margins_of_a_second_look() -> None:
    photo = NOISE.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    alpha = np.zeros((200, 300), np.uint8)
    alpha[60:100, 40:60] = alpha[120:150, 200:230] = 255
    sample = Sample(photo, alpha, np.ones_like(alpha), "two")
    taken = set()
    for seed in range(40):
        part = part_with_people(sample, seed)
        height, width = part.alpha.shape
        first = part.alpha.sum() == 255 * 40 * 20
        taken.add(first)
        rows, columns = (40, 20) if first else (30, 30)
        # To each side 0.4 to 1.8 times a fifth of the person and a fiftieth of the photo
        above, beside = rows / 5 + 4, columns / 5 + 6
        assert rows + 0.8 * above - 1 <= height <= rows + 3.6 * above + 1
        assert columns + 0.8 * beside - 1 <= width <= columns + 3.6 * beside + 1
        assert part.photo.shape == (height, width, 3) and part.weight.shape == (height, width)
    assert taken == {True, False}


def test_a_part_of_a_photo_of_nobody_is_somewhere_in_it() -> None:
    photo = NOISE.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    nobody = Sample(photo, np.zeros((200, 300), np.uint8), np.ones((200, 300), np.uint8), "nobody")
    parts = [part_with_people(nobody, seed).photo for seed in range(20)]
    assert len({part.tobytes() for part in parts}) > 10
    assert all(part.shape[0] >= 0.2 * 200 - 1 and part.shape[1] >= 0.2 * 300 - 1 for part in parts)


def test_who_fills_the_photo_stays_whole() -> None:
    sample = person_before_noise()
    sample.alpha[2:48, 2:58] = 255
    assert part_with_people(sample, 0) is sample
