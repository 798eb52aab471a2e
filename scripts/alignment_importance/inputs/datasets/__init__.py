"""Adapters of published data sets, a module each, that convert the published files to the form of any user's data.

That is a folder of images and tables of judgments. An adapter knows the format of the files; where they may be is
described in `forms`, and the workflow passes their paths.
"""
