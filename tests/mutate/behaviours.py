"""Reads behaviours.txt: the mistakes that are named there, as changes of the sources."""

import re
from pathlib import Path

from mutations import Mutant, flat

LIST = Path(__file__).with_name('behaviours.txt')


def pattern_of(text):
    """Finds `text` wherever lines break."""
    parts = re.findall(r'\w+|\S', text)
    found = re.escape(parts[0])
    for one, next_one in zip(parts, parts[1:]):
        words = re.match(r'\w', one[-1]) and re.match(r'\w', next_one[0])
        found += (r'\s+' if words else r'\s*') + re.escape(next_one)
    return found


def entries():
    """(file, what, before, after) of each."""
    file = what = before = None
    for line in LIST.read_text().split('\n'):
        if line.startswith('== '):
            file = line[3:]
        elif file is None or not line:
            continue
        elif line.startswith('- '):
            before = line[2:]
        elif line.startswith('+ '):
            yield 'src/' + file, what, before, line[2:]
        else:
            what = line


def find_behaviours(root, folders):
    """The changes in these folders. SystemExit when a source no longer holds a text, or holds it twice."""
    found, wrong = [], []
    for path, what, before, after in entries():
        if path.split('/')[1] not in folders:
            continue
        code = (root / path).read_text()
        places = list(re.finditer(pattern_of(before), code))
        if len(places) != 1:
            wrong.append(f'behaviours.txt: {path}: "{what}": its text stands there {len(places)} times: {before}')
            continue
        start, end = places[0].span()
        line = code.count('\n', 0, start) + 1
        found.append(Mutant(path, what, start, end, flat(code[start:end]), after, line, raw='MUTANT' in after))
    if wrong:
        raise SystemExit('\n'.join(wrong))
    return found
