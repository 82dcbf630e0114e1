#!/usr/bin/env python3
"""Do the tests notice when the program does something else?

    tests/mutate/mutate.py                          every mistake of behaviours.txt and 150 more, folder by folder
    tests/mutate/mutate.py --folders methods train  of these folders alone
    tests/mutate/mutate.py --again                  what was not noticed, against changed tests
    tests/mutate/mutate.py --results                what is known, nothing run
    tests/mutate/mutate.py --show                   which changes would be made

Changes are the mistakes that behaviours.txt names (a seed that is ignored, a square root that is dropped, < for <=, a
file written in place) and --count more that are found in the sources by rule. All are compiled into one copy of the
tree (below --work), each behind a switch, and the test programs are run once for each change with REPRO_MUTANT=N: one
build however many changes, for each folder its own library and tests. A change is run against the tests that reach it,
those of its own folder first, until one fails or hangs. What was found is kept in verdicts.json: a call that is broken
off goes on where it was. tests/mutate/equal.txt lists changes that change nothing, each with its reason; they are
counted apart. Exit 1 when less than --least percent is noticed. The tree itself is never touched.
"""
import argparse
import collections
import concurrent.futures
import random
import re
import sys
from pathlib import Path

import behaviours
import mutations
from harness import ROOT, Harness, read_json, write_json

EQUAL = Path(__file__).with_name('equal.txt')
FOLDERS = ['base', 'measure', 'config', 'claims', 'run', 'plan', 'launch', 'findings', 'import', 'data', 'model',
           'methods', 'eval', 'train']
# The test programs that may notice a change of a folder, besides its own.
ABOVE = {'base': ['run'], 'measure': ['claims', 'findings', 'report'], 'config': ['plan', 'claims'],
         'claims': ['findings', 'report'], 'plan': ['findings', 'forecast', 'report'],
         'run': ['launch', 'findings', 'report'], 'findings': ['report'], 'methods': ['worker'], 'train': ['worker'],
         'eval': ['worker'], 'data': ['worker'], 'model': ['train', 'eval', 'methods']}
# Files whose mistakes are of speech: none are looked for by rule.
SPEECH = re.compile(r'/(toml_writer|library|interval_text|finding|numbers)\.cpp$')


def equal_changes():
    lines = EQUAL.read_text().split('\n') if EQUAL.exists() else []
    return {tuple(line.split(' | ')[:3]) for line in lines if line and not line.startswith('#')}


def hinders(named, other):
    """Whether a change found by rule takes away the place of a named one."""
    crosses = other.start < named.start < other.end < named.end or named.start < other.start < named.end < other.end
    hidden = named.raw and 'KEPT' not in named.after and named.start <= other.start and other.end <= named.end
    return named.path == other.path and (crosses or hidden)


def find_by_rule(folders, count, seed, named):
    """`count` changes, spread over folders and kinds."""
    by_kind = collections.defaultdict(list)
    for folder in folders:
        for path in sorted((ROOT / 'src' / folder).rglob('*.cpp')):
            name = str(path.relative_to(ROOT))
            if not SPEECH.search('/' + name):
                for mutant in mutations.find_mutants(name, path.read_text()):
                    by_kind[(folder, mutant.kind)].append(mutant)
    chosen, order = [], random.Random(seed)
    for group in by_kind.values():
        order.shuffle(group)
    share = {f: sum(len(g) for (folder, _), g in by_kind.items() if folder == f) ** 0.5 for f in folders}
    for folder in folders:
        groups = [group for (of, _), group in sorted(by_kind.items()) if of == folder]
        for _ in range(round(count * share[folder] / sum(share.values()))):
            left = [group for group in groups if group]
            if left:
                chosen.append(order.choice(left).pop())
    return [mutant for mutant in chosen if not any(hinders(one, mutant) for one in named)]


def choose(folders, count, seed):
    named = behaviours.find_behaviours(ROOT, folders)
    chosen = named + find_by_rule(folders, count, seed, named)
    taken = set()
    for mutant in chosen:  # the same in every call, so that a changed source is the only one compiled again
        mutant.number = int(mutant.key()[:5], 16) or 1
        while mutant.number in taken:
            mutant.number = mutant.number % 0xFFFFF + 1
        taken.add(mutant.number)
    return chosen


def targets_of(folder, alone):
    names = [folder] + ([] if alone else ABOVE.get(folder, []))
    return [f'test_{name}' for name in names if list((ROOT / 'tests' / name).glob('*_test.cpp'))]


def show(mutants, verdicts, least):
    equal = equal_changes()
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    unnoticed = []
    for mutant in mutants:
        if mutant.key() not in verdicts:
            continue
        row = table[mutant.folder()]
        row[0] += 1
        if verdicts[mutant.key()]:
            row[1] += 1
        elif (mutant.path, mutant.before, mutant.after) in equal:
            row[2] += 1
        else:
            row[3] += 1
            unnoticed.append(mutant)
    print('| folder | changes | noticed | equal | unnoticed |\n|---|---|---|---|---|')
    whole = [sum(row[i] for row in table.values()) for i in range(4)]
    for folder, row in sorted(table.items()) + [('all', whole)]:
        print(f'| {folder} | ' + ' | '.join(map(str, row)) + ' |')
    for mutant in sorted(unnoticed, key=lambda m: (m.path, m.line)):
        print(f'{mutant}{"" if verdicts[mutant.key()] is not None else " (no test reaches it)"}')
    share = 100 * whole[1] / max(1, whole[0] - whole[2])
    print(f'{share:.0f} % of {whole[0] - whole[2]} changes noticed; {whole[2]} more change nothing')
    return 0 if share >= least else 1


def judge_folder(harness, folder, given, verdicts):
    targets = targets_of(folder, given.alone)
    inside = [mutant for mutant in harness.build(targets) if mutant.folder() == folder]
    todo = [m for m in inside
            if given.anew or m.key() not in verdicts or (given.again and not verdicts[m.key()])]
    if not todo:
        return
    known = harness.baseline(targets, given.longest)
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for mutant, verdict in zip(todo, pool.map(lambda m: harness.judge(m, known), todo)):
            verdicts[mutant.key()] = verdict
            write_json(harness.work / 'verdicts.json', verdicts)
    noticed = sum(bool(verdicts[m.key()]) for m in todo)
    print(f'{folder}: {noticed} of {len(todo)} noticed', flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--folders', nargs='+', default=FOLDERS, choices=FOLDERS, metavar='FOLDER')
    options.add_argument('--count', type=int, default=150, help='changes that are found by rule')
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--least', type=float, default=85, help='percent that must be noticed')
    options.add_argument('--longest', type=float, default=60, help='seconds of a test file that is used')
    options.add_argument('--alone', action='store_true', help="only the folders' own tests")
    options.add_argument('--jobs', type=int, default=2)
    options.add_argument('--work', type=Path, default=ROOT / 'build/mutate')
    options.add_argument('--again', action='store_true', help='also what was not noticed the last time')
    options.add_argument('--anew', action='store_true', help='forget what is known')
    options.add_argument('--results', action='store_true')
    options.add_argument('--show', action='store_true')
    given = options.parse_args()
    # Of all folders, whichever are asked for: the sources do not change from call to call.
    every = choose(FOLDERS, given.count, given.seed)
    chosen = [mutant for mutant in every if mutant.folder() in given.folders]
    if given.show:
        print('\n'.join(map(str, chosen)))
        return 0
    verdicts = read_json(given.work / 'verdicts.json', {})
    if not given.results:
        harness = Harness(given.work.resolve(), every, given.jobs)
        for folder in [folder for folder in FOLDERS if folder in given.folders]:
            judge_folder(harness, folder, given, verdicts)
    return show(chosen, verdicts, given.least)


if __name__ == '__main__':
    sys.exit(main())
