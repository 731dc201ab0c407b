"""Know what it means to search text: what a person's words ask for, what is looked at, and where it was found.

Pure: no I/O, no SQL. Text to index, words to find and marks in what was found all go through the same few rules,
so that what is found is what is shown. Any text is a question; none is a mistake.
"""
