import itertools
from pathlib import Path

import pytest

from recorte.bulk.naming import name_results
from recorte.removal.files.plan import result_names

pytestmark = pytest.mark.long


def test_names_are_those_of_the_small_tool() -> None:
    """Of every choice of some names that clash in all ways there are."""
    names = ["a.jpg", "a.png", "A.JPG", "a.jpg.webp", "a.jpg.png.webp", "b/a.jpg", ".x.jpg", "c.d.jpg", "a"]
    for count in range(1, 6):
        for chosen in itertools.combinations(names, count):
            wanted = {path.as_posix(): result.as_posix() for path, result in result_names(map(Path, chosen)).items()}
            assert dict(zip(chosen, name_results(chosen), strict=True)) == wanted
