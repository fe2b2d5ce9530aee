"""The dashboard and the report: results turned into views, and views shown in a browser.

Views are plain data made in Python (`_views`); one script shows them, live or from a single file.
No statistic is made in the browser. Nothing heavy is imported here: the server starts first.
"""
