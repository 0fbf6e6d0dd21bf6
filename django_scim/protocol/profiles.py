"""Profiles that a site declares in its settings."""

from dataclasses import replace

from .tolerances import PROFILES, Profile, Tolerance

MAX_NAME_LENGTH = 40
ANSWERS = (
    "returns_patched_groups",
    "returns_bulk_ids",
    "offers_cursors",
    "shows_empty_members",
    "types_empty_answers",
)
KEYS = ("based_on", "add", "remove", *ANSWERS)


class ProfileError(ValueError):
    """A declaration is invalid. The message names the part, and describes the correct form."""


def declared_profile(name: object, declaration: object) -> Profile:
    """Return the profile that a site declares under ``name``.

    ``declaration`` is a dict with some of KEYS. Without "based_on" it changes the built-in profile
    with this name, or else starts from ``default``. A list of tolerances is short for
    ``{"based_on": "strict", "add": [...]}``.

    Raise ProfileError.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ProfileError(f"the name must be a string of 1 to {MAX_NAME_LENGTH} characters")
    if isinstance(declaration, list | tuple | set | frozenset):
        declaration = {"based_on": "strict", "add": declaration}
    if not isinstance(declaration, dict):
        raise ProfileError("it must be a dict or a list of tolerances")
    for key in declaration:
        if key not in KEYS:
            raise ProfileError(f"{key!r} is not one of its keys, which are {', '.join(KEYS)}")
    based_on = declaration.get("based_on", name if name in PROFILES else "default")
    if based_on not in list(PROFILES):
        raise ProfileError(f"'based_on' must be one of {', '.join(PROFILES)}, not {based_on!r}")
    base = PROFILES[based_on]
    added = _tolerances("add", declaration.get("add", ()))
    removed = _tolerances("remove", declaration.get("remove", ()))
    answers: dict[str, bool] = {key: getattr(base, key) for key in ANSWERS}
    for key in answers.keys() & declaration.keys():
        if not isinstance(declaration[key], bool):
            raise ProfileError(f"{key!r} must be True or False")
        answers[key] = declaration[key]
    tolerances = (base.tolerances | added) - removed
    return replace(base, name=name, tolerances=tolerances, **answers)


def _tolerances(key: str, names: object) -> frozenset[Tolerance]:
    if not isinstance(names, list | tuple | set | frozenset):
        raise ProfileError(f"{key!r} must be a list of tolerances")
    known = list(Tolerance)
    for name in names:
        if name not in known:
            raise ProfileError(f"{name!r} in {key!r} is not a tolerance")
    return frozenset(map(Tolerance, names))
