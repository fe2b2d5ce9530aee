"""Views that say nothing about a reader's own table."""

_OTHER = "This view is of data that come with nullcline. Nothing here is about your own table."

#: What such a view says above all else where a table of one's own is looked at.
SHIPPED_VIEWS = {
    "frontier": _OTHER,
    "claims": _OTHER,
    "inside": "Records of models that come with nullcline stand here. Nothing on this page is "
    "computed from your own table.",
}
