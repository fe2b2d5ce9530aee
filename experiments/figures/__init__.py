"""Figures of results, drawn from what the library computed; no statistic is made here."""

from ._card import card_svg as card_svg
from ._card import write_card as write_card
from ._diagnosis import write_diagnosis_figures as write_diagnosis_figures
from ._scan import write_scan_figure as write_scan_figure
from ._system import write_system_figure as write_system_figure
