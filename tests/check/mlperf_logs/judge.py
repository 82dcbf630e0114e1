#!/usr/bin/env python3
"""Makes the corpus of logs and asks MLPerf's own checker about each: corpus.txt.

    pip install mlperf-logging==4.1.68
    tests/check/mlperf_logs/judge.py

good.log is a training of ours with evaluations on the way; every other log is good.log, less what no rule asks, with one change. The checker's rules are
those for every benchmark (training 6.1's common.yaml) without the lines that ask for a benchmark's own.
"""
import json
import logging
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = ':::MLLOG '


def generic_rules():
    import mlperf_logging.compliance_checker as checker
    folder = os.path.dirname(checker.__file__)
    with open(os.path.join(folder, 'training_6.1.0', 'common.yaml')) as file:
        text = file.read()
    # A division's rules name a benchmark's; the time that an open division has to compile stays.
    text = re.sub(r'^    POST:.*enqueue_config.*\n', '', text, flags=re.M)
    return text.replace("'compile_time_mins': 0", "'compile_time_mins': 240")


def lines_of(text):
    return [json.loads(line[len(TOKEN):]) for line in text.splitlines()]


def text_of(lines):
    return ''.join(TOKEN + json.dumps(line, separators=(',', ':')) + '\n' for line in lines)


def changed(lines, key, which=0, **changes):
    """A copy in which the `which`-th line of `key` has other members."""
    copy = json.loads(json.dumps(lines))
    places = [i for i, line in enumerate(copy) if line['key'] == key]
    copy[places[which]].update(changes)
    return copy


def without(lines, key):
    return [line for line in lines if line['key'] != key]


def twice(lines, of, **changes):
    at = next(i for i, line in enumerate(lines) if line['key'] == of)
    return lines[:at + 1] + [dict(lines[at], **changes)] + lines[at + 1:]


def moved(lines, key, before):
    """The first line of `key` in front of the first of `before`."""
    line = next(line for line in lines if line['key'] == key)
    rest = [other for other in lines if other is not line]
    at = next(i for i, other in enumerate(rest) if other['key'] == before)
    return rest[:at] + [line] + rest[at:]


def logs(good):
    stop = next(line for line in good if line['key'] == 'init_stop')
    block = next(line for line in good if line['key'] == 'block_start')
    yield 'org_empty', changed(good, 'submission_org', value='')
    yield 'division_unknown', changed(good, 'submission_division', value='ajar')
    yield 'division_closed', changed(good, 'submission_division', value='closed')
    yield 'no_run_start', without(good, 'run_start')
    yield 'no_eval_accuracy', without(good, 'eval_accuracy')
    yield 'no_block_start', without(good, 'block_start')
    yield 'no_seed', without(good, 'seed')
    yield 'no_precision_in_comm', without(good, 'lowest_numerical_precision_in_comm')
    yield 'run_before_init', moved(good, 'run_start', 'init_stop')
    yield 'block_before_run', moved(good, 'block_start', 'run_start')
    yield 'init_start_again', twice(good, 'init_stop', key='init_start')
    yield 'init_too_long', changed(good, 'init_stop', time_ms=stop['time_ms'] + 241 * 60000)
    yield 'init_long', changed(good, 'init_stop', time_ms=stop['time_ms'] + 200 * 60000)
    yield 'stop_without_status', changed(good, 'run_stop', metadata={})
    yield 'stop_aborted', changed(good, 'run_stop', metadata={'status': 'aborted'})
    yield 'block_without_samples', changed(good, 'block_start', metadata={'first_epoch_num': 0})
    yield 'block_of_no_epochs', changed(good, 'block_start', metadata={'epoch_count': 0, 'first_epoch_num': 0})
    yield 'block_of_epochs', changed(good, 'block_start', metadata={'epoch_count': 1, 'first_epoch_num': 0})
    yield 'block_of_negative_samples', changed(good, 'block_start', metadata={'samples_count': -1})
    yield 'epochs_in_place_of_blocks', [
        dict(line, key=line['key'].replace('block', 'epoch'), metadata={'epoch_num': 1})
        if line['key'] in ('block_start', 'block_stop') else line for line in good]
    yield 'eval_without_place', changed(good, 'eval_accuracy', metadata={})
    yield 'bf16', changed(good, 'lowest_numerical_precision_in_linear', value='bf16')
    yield 'parallelism_zero', changed(good, 'tensor_parallelism', value=0)
    yield 'parallelism_half', changed(good, 'expert_parallelism', value=1.5)
    yield 'parallelism_float', changed(good, 'expert_parallelism', value=2.0)
    yield 'parallelism_text', changed(good, 'context_parallelism', value='1')
    yield 'samples_twice_alike', twice(good, 'train_samples')
    yield 'samples_twice_unlike', twice(good, 'train_samples', value=1)
    yield 'unknown_key', twice(good, 'seed', key='something_else')
    yield 'metadata_null', changed(good, 'eval_start', metadata=None)
    assert block['metadata'].get('samples_count') == 0


def main():
    from mlperf_logging.compliance_checker import mlp_compliance
    logging.disable(logging.CRITICAL)
    with open(os.path.join(HERE, 'good.log')) as file:
        good_text = file.read()
    corpus = ''
    with tempfile.TemporaryDirectory() as folder:
        rules = os.path.join(folder, 'rules.yaml')
        with open(rules, 'w') as file:
            file.write(generic_rules())

        def judge(name, text):
            path = os.path.join(folder, name)
            with open(path, 'w') as file:
                file.write(text)
            checker = mlp_compliance.make_checker('training', '6.1.0', False, False)
            valid = mlp_compliance.main(path, rules, checker)[0]
            print(name, 'pass' if valid else 'fail')
            return f"=== {name} {'pass' if valid else 'fail'}\n{text}"

        judge('good.log', good_text)
        short = [line for line in lines_of(good_text) if not line['key'].startswith(('opt_', 'repro_'))]
        corpus += judge('short', text_of(short))
        for name, lines in logs(short):
            corpus += judge(name, text_of(lines))
        corpus += judge('damaged', text_of(short) + TOKEN + '{"time_ms": 1,\n')
        corpus += judge('with_a_launcher', ''.join('0: ' + line + '\n' for line in text_of(short).splitlines()))
    with open(os.path.join(HERE, 'corpus.txt'), 'w') as file:
        file.write(corpus)
    return 0


if __name__ == '__main__':
    sys.exit(main())
