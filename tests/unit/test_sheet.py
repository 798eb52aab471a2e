"""Pictures in rows and columns of one panel."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from alignment_importance.report.figures import style
from alignment_importance.report.figures.sheet import Sheet


def picture(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), dtype=np.uint8)


def sheet(n_rows: int, n_columns: int, aspect: float) -> tuple[Figure, Sheet]:
    figure = style.new_figure(4)
    return figure, Sheet(figure.subplots(), n_rows, n_columns, aspect, above=0.5)


def test_pictures_keep_their_shape_in_the_middle_of_their_place() -> None:
    figure, pictures = sheet(2, 3, aspect=0.5)
    for at, (height, width) in enumerate([(10, 20), (10, 10), (10, 40)]):
        pictures.show(1, at, picture(height, width))
    # Places are 1 wide and 0.08 apart, rows 0.5 high with 0.5 above each: (left, right, bottom, top).
    extents = [drawn.get_extent() for drawn in figure.axes[0].images]
    assert extents[0] == pytest.approx([0, 1, 2, 1.5])
    assert extents[1] == pytest.approx([1.08 + 0.25, 1.08 + 0.75, 2, 1.5])
    assert extents[2] == pytest.approx([2.16, 3.16, 1.875, 1.625])
    assert figure.axes[0].get_xlim() == pytest.approx((0, 3.16)) and figure.axes[0].get_ylim() == (2, 0)


def test_words_stand_above_and_beside() -> None:
    figure, pictures = sheet(2, 2, aspect=1)
    pictures.show(1, 1, picture(5, 2), "a title")
    pictures.beside(1, "a row")
    pictures.head(1, 1, "a heading")
    title, row, heading = figure.axes[0].texts
    assert title.get_position() == pytest.approx((1.08, 1.98)) and title.get_verticalalignment() == "bottom"
    assert row.get_position() == pytest.approx((-0.06, 2.5)) and row.get_horizontalalignment() == "right"
    assert heading.get_position() == pytest.approx((1.08, 1.62)) and heading.get_verticalalignment() == "top"


def test_no_more_pixels_are_wanted_than_the_page_has() -> None:
    with style.page({"two_columns_mm": 127, "dpi": 100}):
        assert sheet(1, 5, aspect=1)[1].pixels == 100  # five inches, five pictures
        assert sheet(1, 5, aspect=2)[1].pixels == 200


def test_outlines_lie_over_their_picture() -> None:
    _, pictures = sheet(1, 2, aspect=1)
    mask = np.zeros((4, 4), dtype=bool)
    mask[1:3, 0] = mask[3, 3] = True
    pictures.show(0, 1, picture(4, 4))
    column, corner = sorted(pictures.outlines(0, 1, mask), key=len, reverse=True)
    # Pixels 1 and 2 of the first column, and the last pixel; a pixel is a quarter wide.
    assert (column.min(axis=0).tolist(), column.max(axis=0).tolist()) == ([1.08, 0.75], [1.33, 1.25])
    np.testing.assert_allclose([corner.min(axis=0), corner.max(axis=0)], [[1.83, 1.25], [2.08, 1.5]])
    assert all((line[0] == line[-1]).all() for line in (column, corner))
    assert pictures.outlines(0, 1, mask & False) == []
