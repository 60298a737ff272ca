"""Whether a person's outline can be right: by itself, and beside the box and the area that its annotation says."""

from collections.abc import Sequence

import msgspec

from recorte.data.coco.fields import Annotation, Image
from recorte.data.coco.outlines import are_shares, box_of, count_inside, parse_outline

SLACK = 4
"""Pixels by which two boxes of one person may differ anyway."""


def check_outline(annotation: Annotation, box: msgspec.Raw | None, image: Image) -> tuple[str, str]:
    """Tell what is grave and what is odd about a person's outline.

    Args:
        annotation: the person's.
        box: its `bbox`, JSON; None where it has none.
        image: the photo that it is in.
    """
    height, width = image.height, image.width
    try:
        outline = parse_outline(annotation.segmentation, height, width)
    except ValueError as error:
        return f"its outline is not usable: {error}", ""
    if isinstance(outline, list) and are_shares(outline, height, width):
        shares = "its outline is all within one pixel, as shares from 0 to 1 are"
        return f"{shares}; multiply x by the photo's width and y by its height, since COCO's are pixels", ""
    inside = count_inside([outline], height, width)
    if not inside:
        return "its outline covers no pixel", ""
    area = annotation.area
    if area is not None and not 0 < area <= width * height:
        return "", f"its area is {area:g}, of a photo of {width * height:,} pixels"
    shares_of_box = box_of(annotation.segmentation, height, width)
    drawn = tuple(side * min(max(share, 0), 1) for side, share in zip((width, height) * 2, shares_of_box, strict=True))
    said = _corners(box)
    boxed = said is not None and _apart(drawn, said)
    # Some write the box's area, which may be several times that of a thin person.
    sized = area is not None and max(area, inside) > 50 and not inside / 4 <= area <= 8 * inside
    if boxed or sized:
        told = f"its outline spans x {drawn[0]:.0f} to {drawn[2]:.0f}, y {drawn[1]:.0f} to {drawn[3]:.0f}"
        others = (
            [f"its bbox x {said[0]:.0f} to {said[2]:.0f}, y {said[1]:.0f} to {said[3]:.0f}"] if said and boxed else []
        )
        others += [f"its area of {area:g} pixels is not the {inside:,} inside"] if sized else []
        what = f"{told}, but {' and '.join(others)}"
        # Two against one: the outline is what training would believe.
        return (f"{what}; the outline is for another size or another person", "") if boxed and sized else ("", what)
    if isinstance(outline, list) and _passes_the_edge(outline, image):
        return "", "its outline passes the photo's edge"
    return "", ""


def _corners(box: msgspec.Raw | None) -> tuple[float, float, float, float] | None:
    """Give left, top, right and bottom of a `bbox`, which is left, top, width and height; None of what is none."""
    try:
        left, top, width, height = msgspec.json.decode(box or b"null", type=tuple[float, float, float, float])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (left, top, left + width, top + height) if width > 0 and height > 0 else None


def _apart(one: Sequence[float], other: Sequence[float]) -> bool:
    """Tell whether two boxes differ by more than rounding, and than what tools of different care make of a person."""
    side = max(one[2] - one[0], one[3] - one[1], other[2] - other[0], other[3] - other[1])
    return max(abs(first - second) for first, second in zip(one, other, strict=True)) > SLACK + side / 4


def _passes_the_edge(outline: list[list[float]], image: Image) -> bool:
    xs, ys = [x for polygon in outline for x in polygon[::2]], [y for polygon in outline for y in polygon[1::2]]
    return min(xs) < -1 or min(ys) < -1 or max(xs) > image.width + 1 or max(ys) > image.height + 1
