"""Compiles all changes into one copy of the tree, each behind a switch, and runs the tests once for each."""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mutations

ROOT = Path(__file__).resolve().parents[2]
HEADER = '''#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>
struct ReproMutants {
  int active = std::getenv("REPRO_MUTANT") ? std::atoi(std::getenv("REPRO_MUTANT")) : 0;
  const char* trace = std::getenv("REPRO_MUTANT_TRACE");
  std::vector<bool> seen = std::vector<bool>(1 << 20);
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


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def read_json(path, otherwise):
    return json.loads(path.read_text()) if path.exists() else otherwise


def write_json(path, value):
    unfinished = path.with_suffix('.unfinished')
    unfinished.write_text(json.dumps(value))
    unfinished.replace(path)


class Harness:
    """One work folder: the copy of the tree, its build, and what is known of changes and tests from earlier calls."""

    def __init__(self, work, chosen, jobs):
        self.work, self.tree, self.out, self.jobs = work, work / 'tree', work / 'build', jobs
        self.tree.mkdir(parents=True, exist_ok=True)
        broken = read_json(work / 'broken.json', [])
        self.broken = {m.key() for m in chosen if m.key() in broken}  # what does not compile
        self.chosen = [m for m in chosen if m.key() not in self.broken]
        self.copy_tree()

    def copy_tree(self):
        files = tracked_files()
        for path in self.tree.rglob('*'):  # what the tree no longer has
            name = str(path.relative_to(self.tree))
            if path.is_file() and name.startswith(('src/', 'tests/')) and name not in files:
                path.unlink()
        for name in files:
            source, target = ROOT / name, self.tree / name
            if name.startswith('src/') and name.endswith('.cpp') and target.exists():
                continue  # written below
            if target.exists() and target.stat().st_mtime == source.stat().st_mtime:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        if not (self.tree / '.deps').exists() and (ROOT / '.deps').exists():
            (self.tree / '.deps').symlink_to(ROOT / '.deps')
        write_if_changed(self.tree / 'mutant.hpp', HEADER)

    def write_sources(self):
        """Returns the changes that are in."""
        by_file, inside = collections.defaultdict(list), []
        for mutant in self.chosen:
            by_file[mutant.path].append(mutant)
        for name in tracked_files():
            if name.startswith('src/') and name.endswith('.cpp'):
                text, kept = mutations.write((ROOT / name).read_text(), by_file[name])
                write_if_changed(self.tree / name, text)
                inside += kept
        return inside

    def build(self, targets):
        """Builds until it builds, leaving out what does not compile. Returns the changes that are in."""
        if not (self.out / 'build.ninja').exists():
            subprocess.run(['cmake', '-S', self.tree, '-B', self.out, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release',
                            '-DREPRO_BENCH=OFF', '-DCMAKE_UNITY_BUILD=ON', '-DCMAKE_UNITY_BUILD_BATCH_SIZE=0',
                            f'-DCMAKE_CXX_FLAGS_RELEASE=-O0 -g0 -w -include {self.tree}/mutant.hpp'],
                           check=True, capture_output=True)
        for _ in range(20):
            inside = self.write_sources()
            done = subprocess.run(['ninja', '-k', '0', '-j', str(self.jobs), '-C', self.out] + targets,
                                  capture_output=True, text=True)
            if done.returncode == 0:
                return inside
            self.leave_out(inside, done.stdout)
        sys.exit('it does not become compilable')

    def leave_out(self, inside, said):
        def places(kinds):
            return {(path, int(line))
                    for path, line in re.findall(rf'(src/[\w/]+\.cpp):(\d+):\d+: (?:{kinds})', said)}
        errors, near = places('error'), places('error|note|  required')
        dropped = [m for m in inside if (m.path, m.line) in errors] or \
                  [m for m in inside if (m.path, m.line) in near] or \
                  [m for m in inside if any(m.path == p and abs(m.line - n) < 8 for p, n in near)]
        if not dropped:
            sys.exit(said[-4000:])
        for mutant in dropped:
            print(f'does not compile: {mutant}', flush=True)
        self.broken |= {m.key() for m in dropped}
        self.chosen = [m for m in self.chosen if m.key() not in self.broken]
        known = read_json(self.work / 'broken.json', [])
        write_json(self.work / 'broken.json', sorted(self.broken | set(known)))

    def run_test(self, test, number=0, trace=None, limit=600.0):
        """Seconds and whether it passed; a test that hangs has not."""
        program, file = test
        environment = dict(os.environ, OMP_WAIT_POLICY='passive', XDG_DATA_HOME=str(self.work / 'no-user-library'))
        environment.pop('REPRO_MUTANT', None)
        if number:
            environment['REPRO_MUTANT'] = str(number)
        if trace:
            environment['REPRO_MUTANT_TRACE'] = str(trace)
        begin = time.time()
        try:
            # -# tags every case with its file.
            done = subprocess.run([self.out / program, '-#', f'[#{file}]', '-a'], env=environment, timeout=limit,
                                  capture_output=True, cwd=self.work)
            passed = done.returncode == 0
        except subprocess.TimeoutExpired:
            passed = False
        return time.time() - begin, passed

    def baseline(self, targets, longest):
        """By test: its seconds and the changes that it reaches. Tests must pass when nothing is changed."""
        remembered = read_json(self.work / 'baseline.json', {})
        known = {}
        for target in targets:
            built = (self.out / target).stat().st_mtime
            for path in sorted((ROOT / 'tests' / target[5:]).glob('*_test.cpp')):
                name, trace = f'{target} {path.stem}', self.work / 'trace'
                if remembered.get(name, {}).get('built') != built:
                    trace.unlink(missing_ok=True)
                    seconds, passed = self.run_test((target, path.stem), trace=trace)
                    reached = sorted({int(line) for line in trace.read_text().split()}) if trace.exists() else []
                    remembered[name] = {'built': built, 'seconds': seconds, 'passed': passed, 'reached': reached}
                    write_json(self.work / 'baseline.json', remembered)
                found = remembered[name]
                if not found['passed']:
                    print(f'left out: {name}, which fails with nothing changed', flush=True)
                elif found['seconds'] > longest:
                    print(f'left out: {name}, {found["seconds"]:.0f} s', flush=True)
                else:
                    known[(target, path.stem)] = (found['seconds'], set(found['reached']))
        return known

    def judge(self, mutant, known):
        """The test that notices, '' for none, None where no test reaches it."""
        own = 'test_' + mutant.folder()
        tests = [test for test, (_, reached) in known.items() if mutant.number in reached]
        for test in sorted(tests, key=lambda t: (t[0] != own, known[t][0])):
            _, passed = self.run_test(test, mutant.number, limit=20 + 10 * known[test][0])
            if not passed:
                return ' '.join(test)
        return '' if tests else None
