#!/usr/bin/python3
"""docs/logs.md lists each event of the logs, its levels, fields and sources:
all that the source has, and nothing else."""
import pathlib
import re
import sys

FOLDERS = ("common", "smtpd", "pop3d", "helpers")
CALL = re.compile(r"\blog_(error|warn|info|debug|write)\(")
FIELD = re.compile(r'\blog_(?:text|int|id)\(\s*"([^"]+)"|\blog_(errno)\(')
