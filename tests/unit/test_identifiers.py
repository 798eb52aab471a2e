import unicodedata

import pytest

from alignment_importance.inputs import identifiers


def test_accents_in_either_unicode_form_give_one_id() -> None:
    apart = unicodedata.normalize("NFD", "Äpfel é")
    assert len(apart) == 9
    assert identifiers.clean(apart) == identifiers.of_file(f"/x/ {apart} .PNG") == "Äpfel é"


def test_only_the_last_ending_is_dropped() -> None:
    assert identifiers.of_file("a.1.png") == "a.1"


@pytest.mark.parametrize(
    ("path", "image"),
    [
        ("dog.jpg", "dog"),
        ("photos/dog.JPG", "dog"),
        ("C:\\photos\\a dog .tiff", "a dog"),
        ("/x/dog.1.png", "dog.1"),
        ("dog.1", "dog.1"),
        ("dog.mp4", "dog.mp4"),
    ],
)
def test_a_path_of_any_system_names_an_image(path: str, image: str) -> None:
    assert identifiers.of_path(path) == image


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        ("Dog", "'dog' differs from it only in capital letters."),
        ("elefant", "Did you mean 'elephant'?"),
        ("Strasse 3", "Did you mean 'Straße 3'?"),
        ("xyz", ""),
    ],
)
def test_an_unknown_id_is_told_what_was_probably_meant(unknown: str, said: str) -> None:
    assert identifiers.suggest(unknown, ["elephant", "dog", "cat", "Straße 3"]) == said
