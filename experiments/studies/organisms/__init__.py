"""Training organisms and comparing families, with what is shown of both."""

from ._comparison import compare_organisms as compare_organisms
from ._comparison import comparison_to_dict as comparison_to_dict
from ._comparison import comparison_to_text as comparison_to_text
from ._comparison import of_family as of_family
from ._library import find_organism as find_organism
from ._library import find_recipe as find_recipe
from ._library import train_family as train_family
from ._one_family import family_to_text as family_to_text
from ._page import comparison_page as comparison_page
from ._text import described as described
from ._text import list_to_text as list_to_text
from ._text import listed as listed
from ._text import measured as measured
from ._text import measured_to_text as measured_to_text
from ._text import scored as scored
from ._text import show_to_text as show_to_text
