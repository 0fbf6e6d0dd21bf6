from .columns import Column, Constant, Locator
from .translate import translate

__all__ = ["Column", "Constant", "Locator", "translate"]
