"""Answers as reports: from a result to plain data (`exactinj.report.answer`), and from there to one HTML page."""
