#!/usr/bin/env python3
"""Do the tests notice when deciding code is changed?

    tests/mutate/mutate.py                        250 changes, a table of noticed and unnoticed ones
    tests/mutate/mutate.py --folders methods train --count 80
    tests/mutate/mutate.py --again                the same changes against changed tests
    tests/mutate/mutate.py --show                 which changes would be made

All changes are compiled into one copy of the tree (below --work), each behind a switch, and the test programs are run
once for each change with REPRO_MUTANT=N: one build however many changes. What does not compile is left out. A change
is run against the tests that reach it, those of its own folder first, until one fails or hangs. tests/mutate/equal.txt
lists changes that change nothing, each with its reason; they are counted apart. Exit 1 when less than --least percent
is noticed. The tree itself is never touched.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mutations

ROOT = Path(__file__).resolve().parents[2]
EQUAL = Path(__file__).with_name('equal.txt')
LIGHT = ['measure', 'config', 'claims', 'plan', 'run', 'findings', 'launch']
# The test programs that may notice a change of a folder, besides its own.
ABOVE = {'measure': ['claims', 'findings', 'report'], 'config': ['plan', 'claims'], 'claims': ['findings', 'report'],
         'plan': ['findings', 'forecast', 'report'], 'run': ['findings', 'report'], 'findings': ['report'],
         'methods': ['worker'], 'train': ['worker'], 'model': ['train', 'eval', 'methods']}
# Files whose mistakes are of speech.
SKIPPED = re.compile(r'/(toml_writer|library|interval_text|finding|numbers)\.cpp$')

HEADER = '''#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <unistd.h>
struct ReproMutants {
  int active = std::getenv("REPRO_MUTANT") ? std::atoi(std::getenv("REPRO_MUTANT")) : 0;
  const char* trace = std::getenv("REPRO_MUTANT_TRACE");
  bool seen[20000] = {};
  bool reach(int number) {
    if (trace != nullptr && !seen[number]) {
      seen[number] = true;
      if (std::FILE* file = std::fopen(trace, "a")) std::fprintf(file, "%d\\n", number), std::fclose(file);
    }
    return number == active;
  }
};
inline bool repro_mutant(int number) {
  static ReproMutants mutants;
  return mutants.reach(number);
}
'''


def tracked_files():
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.split('\n') if name and (ROOT / name).is_file()]


def equal_changes():
    lines = EQUAL.read_text().split('\n') if EQUAL.exists() else []
    return {tuple(line.split(' | ')[:3]) for line in lines if line and not line.startswith('#')}


def choose(folders, count, seed):
    """`count` changes, spread over folders and kinds."""
    by_kind = collections.defaultdict(list)
    for folder in folders:
        for path in sorted((ROOT / 'src' / folder).glob('*.cpp')):
            name = str(path.relative_to(ROOT))
            if not SKIPPED.search('/' + name):
                for mutant in mutations.find_mutants(name, path.read_text()):
                    by_kind[(folder, mutant.kind)].append(mutant)
    chosen, order = [], random.Random(seed)
    for group in by_kind.values():
        order.shuffle(group)
    folder_share = {f: sum(len(g) for (folder, _), g in by_kind.items() if folder == f) ** 0.5 for f in folders}
    for folder in folders:
        quota = round(count * folder_share[folder] / sum(folder_share.values()))
        groups = [group for (of, _), group in sorted(by_kind.items()) if of == folder]
        for _ in range(quota):
            left = [group for group in groups if group]
            if left:
                chosen.append(order.choice(left).pop())
    for number, mutant in enumerate(chosen, 1):
        mutant.number = number
    return chosen


def copy_tree(tree):
    for name in tracked_files():
        target = tree / name
        source = ROOT / name
        if name.startswith('src/') and name.endswith('.cpp') and target.exists():
            continue  # written below
        if target.exists() and target.stat().st_mtime == source.stat().st_mtime:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    if not (tree / '.deps').exists() and (ROOT / '.deps').exists():
        (tree / '.deps').symlink_to(ROOT / '.deps')
    write_if_changed(tree / 'src/base/mutant.hpp', HEADER)


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_sources(tree, chosen):
    """Returns the changes that are in."""
    by_file, inside = collections.defaultdict(list), []
    for mutant in chosen:
        by_file[mutant.path].append(mutant)
    for name in tracked_files():
        if name.startswith('src/') and name.endswith('.cpp'):
            text, kept = mutations.write((ROOT / name).read_text(), by_file[name])
            write_if_changed(tree / name, text)
            inside += kept
    return inside


def targets_of(folders, alone):
    above = {} if alone else ABOVE
    names = dict.fromkeys(f'test_{name}' for folder in folders for name in [folder] + above.get(folder, []))
    return [name for name in names if list((ROOT / 'tests' / name[5:]).glob('*_test.cpp'))]


def build(work, chosen, targets):
    """Builds until it builds, leaving out what does not compile. Returns the changes that are in."""
    tree, out = work / 'tree', work / 'build'
    if not (out / 'build.ninja').exists():
        subprocess.run(['cmake', '-S', tree, '-B', out, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '-DREPRO_BENCH=OFF',
                        f'-DCMAKE_CXX_FLAGS_RELEASE=-O0 -g0 -w -include {tree}/src/base/mutant.hpp',
                        '-DCMAKE_UNITY_BUILD=ON', '-DCMAKE_UNITY_BUILD_BATCH_SIZE=0'], check=True, capture_output=True)
    for _ in range(12):
        inside = write_sources(tree, chosen)
        done = subprocess.run(['ninja', '-k', '0', '-C', out] + targets, capture_output=True, text=True)
        if done.returncode == 0:
            return inside
        wrong = {(path, int(line)) for path, line in re.findall(r'(src/[\w/]+\.cpp):(\d+):\d+: (?:error|note|  required)',
                                                                done.stdout)}
        errors = {(path, int(line)) for path, line in re.findall(r'(src/[\w/]+\.cpp):(\d+):\d+: error', done.stdout)}
        dropped = {m.number for m in inside if (m.path, m.line) in errors} or \
                  {m.number for m in inside if (m.path, m.line) in wrong} or \
                  {m.number for m in inside if any(m.path == p and abs(m.line - n) < 8 for p, n in wrong)}
        if not dropped:
            sys.exit(done.stdout[-4000:])
        print(f'{len(dropped)} changes do not compile', flush=True)
        chosen = [m for m in chosen if m.number not in dropped]
    sys.exit('it does not become compilable')


def run_test(work, test, number=0, trace=None, limit=600.0):
    """Seconds and whether it passed; a test that hangs has not."""
    program, file = test
    environment = dict(os.environ, OMP_WAIT_POLICY='passive', XDG_DATA_HOME=str(work / 'no-user-library'))
    environment.pop('REPRO_MUTANT', None)
    if number:
        environment['REPRO_MUTANT'] = str(number)
    if trace:
        environment['REPRO_MUTANT_TRACE'] = str(trace)
    begin = time.time()
    try:
        # -# tags every case with its file.
        done = subprocess.run([work / 'build' / program, '-#', f'[#{file}]', '-a'], env=environment, timeout=limit,
                              capture_output=True, cwd=work)
        passed = done.returncode == 0
    except subprocess.TimeoutExpired:
        passed = False
    return time.time() - begin, passed


def baseline(work, targets, longest):
    """By test: its seconds and the changes that it reaches. Tests must pass when nothing is changed."""
    known = {}
    for target in targets:
        for path in sorted((ROOT / 'tests' / target[5:]).glob('*_test.cpp')):
            test, trace = (target, path.stem), work / 'trace'
            trace.unlink(missing_ok=True)
            seconds, passed = run_test(work, test, trace=trace)
            if not passed:
                print(f'left out: {target} {path.stem}, which fails with nothing changed', flush=True)
                continue
            reached = {int(line) for line in trace.read_text().split()} if trace.exists() else set()
            if seconds <= longest:
                known[test] = (seconds, reached)
            else:
                print(f'left out: {target} {path.stem}, {seconds:.0f} s', flush=True)
    return known


def judge(work, mutant, known):
    """The test that notices, or ''."""
    own = 'test_' + mutant.path.split('/')[1]
    tests = [test for test, (_, reached) in known.items() if mutant.number in reached]
    for test in sorted(tests, key=lambda t: (t[0] != own, known[t][0])):
        _, passed = run_test(work, test, mutant.number, limit=20 + 10 * known[test][0])
        if not passed:
            return ' '.join(test)
    return '' if tests else None


def show(mutants, verdicts, least):
    equal = equal_changes()
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    unnoticed = []
    for mutant in mutants:
        row = table[mutant.path.split('/')[1]]
        row[0] += 1
        if verdicts[mutant.number]:
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
        reach = '' if verdicts[mutant.number] is not None else ' (no test reaches it)'
        print(f'{mutant.path}:{mutant.line}: {mutant.kind}: {mutant.before} => {mutant.after}{reach}')
    share = 100 * whole[1] / max(1, whole[0] - whole[2])
    print(f'{share:.0f} % of {whole[0] - whole[2]} changes noticed; {whole[2]} more change nothing')
    return 0 if share >= least else 1


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--folders', nargs='+', default=LIGHT)
    options.add_argument('--count', type=int, default=250)
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--least', type=float, default=85, help='percent that must be noticed')
    options.add_argument('--longest', type=float, default=60, help='seconds of a test file that is used')
    options.add_argument('--alone', action='store_true', help="only the folders' own tests")
    options.add_argument('--jobs', type=int, default=2)
    options.add_argument('--work', type=Path, default=ROOT / 'build/mutate')
    options.add_argument('--again', action='store_true', help='only what was not noticed the last time')
    options.add_argument('--show', action='store_true')
    given = options.parse_args()
    chosen = choose(given.folders, given.count, given.seed)
    if given.show:
        for mutant in chosen:
            print(f'{mutant.path}:{mutant.line}: {mutant.kind}: {mutant.before} => {mutant.after}')
        return 0
    work = given.work.resolve()
    (work / 'tree').mkdir(parents=True, exist_ok=True)
    copy_tree(work / 'tree')
    targets = targets_of(given.folders, given.alone)
    inside = build(work, chosen, targets)
    known = baseline(work, targets, given.longest)
    last = work / f'verdicts-{"-".join(given.folders)}-{given.count}-{given.seed}.json'
    verdicts = {}
    if given.again and last.exists():
        before = json.loads(last.read_text())
        verdicts = {m.number: before[m.key()] for m in inside if before.get(m.key())}
    todo = [m for m in inside if m.number not in verdicts]
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for mutant, verdict in zip(todo, pool.map(lambda m: judge(work, m, known), todo)):
            verdicts[mutant.number] = verdict
            last.write_text(json.dumps({m.key(): verdicts.get(m.number) for m in inside}))
    return show(inside, verdicts, given.least)


if __name__ == '__main__':
    sys.exit(main())
