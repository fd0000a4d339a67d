"""The stage: everything that is dragged, in one component that lives in the page."""

from fimviz.stage.stage import plain, stage

__all__ = ["plain", "stage"]
