import itertools
from pathlib import Path

import pytest

from recorte.bulk.naming import made_before, name_results
from recorte.listing import made_before as made_before_by_paths
from recorte.removal.files.plan import result_names

pytestmark = pytest.mark.long


def test_names_are_those_of_the_small_tool() -> None:
    """Of every choice of some names that clash in all ways there are."""
    names = ["a.jpg", "a.png", "A.JPG", "a.jpg.webp", "a.jpg.png.webp", "b/a.jpg", ".x.jpg", "c.d.jpg", "a"]
    for count in range(1, 6):
        for chosen in itertools.combinations(names, count):
            wanted = {path.as_posix(): result.as_posix() for path, result in result_names(map(Path, chosen)).items()}
            assert dict(zip(chosen, name_results(chosen), strict=True)) == wanted


def test_what_was_made_before_is_what_the_small_tool_takes_for_it() -> None:
    """Of every choice of some names, of which a few only look like results."""
    names = ["a.jpg", "a-cutout.png", "a-cutout-2.png", "a.jpg-mask.png", "a-cutout", "a", "a.b.jpg", "a.b-mask.webp",
             "b/a-cutout.png", "b/a.jpg", "ab.jpg", "a-cutout-cutout.png"]  # fmt: skip
    for count in range(1, 6):
        for chosen in itertools.combinations(sorted(names), count):
            wanted = {path.as_posix() for path in made_before_by_paths(map(Path, chosen))}
            assert made_before(chosen) == wanted
