"""The inputs that each target begins with: the project's own files, fixtures of its tests, and small files of every format.

The first byte of some chooses how the rest is read (the target's `choose`)."""
import gzip
import hashlib
import json
import pathlib
import re
import struct

import hostile_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
LONGEST = 60_000  # bytes: libFuzzer cuts what is longer


def files(*patterns):
    """The bytes of the project's files."""
    return [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))
            if path.is_file() and path.stat().st_size <= LONGEST]


def chosen(way, inputs):
    return [bytes([way]) + data for data in inputs]


def toml():
    return files("experiments/**/*.toml", "hardware_profiles/**/*.toml", "eval/*.toml", "tests/manifests/bad/*.toml",
                 "docs/example/**/*.toml")


def definitions():
    return [*chosen(0, files("experiments/corpora/*.toml")), *chosen(1, files("hardware_profiles/*.toml")),
            *chosen(2, files("hardware_profiles/prices/*.toml")), *chosen(3, files("eval/*.toml"))]


def manifest():
    extending = [b'extends = "table3"\n' + more for more in
                 (b"", b'[arm.disco.finetune]\nhorizons = [0.5, 1]\n', b'speed = 1.5\nseeds = [3]\n',
                  b'protocol = "budget"\n[budget]\nequal = "flops"\n', b"[check]\nrates = [0.5, 2]\n",
                  b"[override.smoke]\nmatch.batch = 8\n")]
    return files("experiments/moe_disco/*.toml", "experiments/ds_moe/*.toml", "tests/manifests/bad/*.toml") + extending


def claims():
    return files("experiments/claims/*.toml", "tests/claims/cases/*.toml", "tests/claims/bad/*.toml", "tests/report/claims.toml")


def expression():
    formulas = re.findall(rb'(?:paper|here|left|right) *= *"([^"]+)"', b"\n".join(claims()))
    return [*formulas, b"max(a, ln(b)) / (1 - x)", b"least(t.a) + -abs(b) * sqrt(2e3)"]


def json_texts():
    return files("tests/**/*.json") + [b'{"a": [1, -2.5e3, "\\u00e9", null, true], "b": {}}', b"[" * 201, b"\xff", b"1e999"]


def specs():
    model = {"width": 64, "experts": 4, "router": {"select": "all"}, "losses": [{"kind": "cv2-balance", "weight": 0.1}]}
    of_way = [{"model": model, "steps": 3, "optimizer": {"lr": 0.1, "schedule": "wsd"}, "watch": {"every": 2}},
              {"model": model, "measures": [{"name": "unseen", "split": "test"}], "tasks": ["piqa"]},
              {"k": 4, "init": "random", "model": model}, {"gamma": "tokens", "scale": 2.0},
              {"model": model, "before": 2, "experts": "drop-upcycle"},
              {"vocabulary": 300, "corpus": {"name": "x", "sources": [{"kind": "deb", "name": "git-doc"}]}},
              {"entries": [{"model": model, "batch": 1}]}]
    return [bytes([way]) + json.dumps(spec).encode() for way, spec in enumerate(of_way)]


def records():
    step = {"event": "step", "step": 1, "tokens": 2048, "loss": 5.5, "lm_loss": 5.25, "aux_loss": 0.25, "lr": 3e-4, "grad_norm": 0.5,
            "seconds": {"train": 1.5, "eval": 0, "checkpoint": 0.25, "other": 0.125}, "data_hash": "fedcba9876543210"}
    ours = json.dumps(step, separators=(",", ":"), sort_keys=True)
    other = json.dumps({"event": "eval", "step": 1, "split": "valid", "loss": 5.0, "tokens": 9, "bits_per_byte": 2.0})
    progress = json.dumps({"event": "progress", "phase": "encode", "done": 3, "total": 9, "unit": "documents"})
    return [text.encode() for text in (ours + "\n", json.dumps(step) + "\n", f"{ours}\n{other}\n{progress}\n", ours)]


def seals():
    seal = {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    return [b"", json.dumps({"schema": 3, "files": {"result.json": seal, "job.json": seal}}, indent=1).encode()]


FORMATS = ["hf-trainer", "megatron", "nanogpt", "torchtitan", "csv"]  # in the order of foreign_formats()


def training_log():
    inputs = []
    for path in sorted((TESTS / "import/logs").iterdir()):
        for way, name in enumerate(FORMATS):
            if path.name.startswith((name.split("-")[0], "trainer" if way == 0 else name, "train." if way == 4 else name)):
                inputs.append(bytes([way]) + path.read_bytes()[:LONGEST])
    return inputs


def catalog():
    tables = files("tests/import/catalogs/*")
    return chosen(0, tables) + chosen(1, tables)


def html():
    return [b"<html><head><meta charset=iso-8859-1><title>t</title></head><body><h1>A <em>b</em></h1><p>One<br>two &amp; caf\xe9"
            b"<ul><li>x<li>y</ul><pre>no</pre><table><tr><td>cell</table><script>no</script>",
            b"<META http-equiv=x content='text/html; charset=windows-1252'><p>\x93q\x94", b"<p>" + b"<span>" * 300 + b"deep",
            b"<!doctype html><!-- c --><p>&#x1F600;&bogus;&#0;<svg><math><p>in"]


def small(texts=12):
    """hostile_files' packings, of few texts."""
    hostile_files.TEXTS, kept_texts = hostile_files.TEXTS[:texts], hostile_files.TEXTS
    kept_lines, hostile_files.LINES = hostile_files.LINES, b"".join(hostile_files.LINES.splitlines(keepends=True)[:texts])
    try:
        return hostile_files.packed_files()
    finally:
        hostile_files.TEXTS, hostile_files.LINES = kept_texts, kept_lines


def archive():
    packed = list(small().values())
    lines = [b'{"text": "a text"}\n{"text": "another"}\n', b'[{"text": "a"},\n {"text": "b"}]', b"plain words\n\nof two\n"]
    page = [("a/b.html", html()[0])]
    return [*chosen(0, packed + lines), *chosen(1, lines), *chosen(3, lines),
            *chosen(4, [hostile_files.tar(page), hostile_files.zipped(page)]),
            *chosen(5, [hostile_files.tar([("a.json", b'{"T": {"title": "T", "extract": "One.\\nTwo.", "topic": "x"}}')])]),
            *chosen(6, [hostile_files.tar([("a.txt", b"One\nline.\n\nTwo.")])]),
            *chosen(7, [hostile_files.tar([("d.index", b"word\tA\tF\n"), ("d.dict.dz", gzip.compress(b"hello", mtime=0))])])]


def rows():
    columns = [data for name, data in small().items() if name.startswith(("parquet", "arrow"))]
    return [*columns, *files("tests/data/tables/*"), b'{"a": 1, "b": ["x", null]}\n{"a": 2}\n', b'a,b\n1,"x, ""y""\n"\n', b"\xef\xbb\xbfa\n1\n"]


def dictionary():
    return [b"word\tA\tF\nother\tF\tH\n\nhello[ae]world", b"00-database-info\tA\tB\n\nx", b"\\re`spel\\ (x) [Obs.] {link} medi[ae]val"]


def charset():
    return [b"iso-8859-1\ncaf\xe9", b"utf-16\n\xff\xfea\0b\0", b"windows-1252\n\x93q\x94", b"iso-2022-jp\n\x1b$B$\"\x1b(B", b"x\n\x1b[2J\xe2\x80\xae",
            b"utf-8\n\xf0\x9f\x98\x80\xcc\x81"]


def safetensors():
    def one(header, data):
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + data
    table = {"embedding.weight": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}}
    two = {"__metadata__": {"a": "b"}, "x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "y": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}}
    return [one(table, bytes(12)), one(two, bytes(16)), one({}, b"")]


def token_shards():
    def one(width, tokens, offsets, pieces):
        body = b"".join(token.to_bytes(width, "little") for token in tokens)
        body += b"\0" * (-len(body) % 8)
        return (b"REPROTOK" + struct.pack("<IIQQQ", 2, width, len(tokens), len(offsets) - 1, 9) + b"0" * 64
                + struct.pack("<Iii", len(pieces), 1, 2) + bytes(12) + body + struct.pack(f"<{len(offsets)}Q", *offsets)
                + struct.pack(f"<{len(pieces)}H", *pieces))
    return [one(2, [5, 2, 6, 2], [0, 2, 4], [2, 3, 4, 5]), one(4, [70000, 2], [0, 2], [2, 2]), one(2, [], [0], [])]


def tokenizer():
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + list("\u2581Theqwnofr") + ["\u2581T", "he"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    llama = {"model": {"type": "BPE", "byte_fallback": True, "vocab": vocabulary, "merges": ["\u2581 T", "h e"]}}
    return [b"\1" + json.dumps(llama, ensure_ascii=False).encode(), b"\0" + sentencepiece_model(pieces)]


def sentencepiece_model(pieces):
    """A BPE model with byte pieces, as protobuf: pieces (1: text, 2: score, 3: type), trainer and normaliser."""
    def field(number, data):
        return varint(number << 3 | 2) + varint(len(data)) + data

    def varint(value):
        out = b""
        while value > 127:
            out, value = out + bytes([value & 127 | 128]), value >> 7
        return out + bytes([value])
    model = b""
    for number, piece in enumerate(pieces):
        kind = 2 if piece == "<unk>" else 3 if piece in ("<s>", "</s>") else 6 if piece.startswith("<0x") else 1
        score = b"\x15" + struct.pack("<f", -float(number))
        model += field(1, field(1, piece.encode()) + score + b"\x18" + varint(kind))
    trainer = b"\x18\x02" + varint(35 << 3) + b"\x01"  # BPE; byte_fallback
    normaliser = field(1, b"identity") + b"\x18\x00" + b"\x20\x00" + b"\x28\x01"
    return model + field(2, trainer) + field(3, normaliser)


def template_text():
    templates = re.findall(rb'(?:context|gold|description|text|part) *= *"([^"]*)"', b"\n".join(files("eval/*.toml")))
    row = b'\n{"choices": {"text": ["a_b", "c"]}, "question": " q [title] ", "ctx": "x", "label": 1}'
    return [template + row for template in [*templates, b"{choices.text.0|spaces|strip|capitalize} {{}} {label}"]]


OF_TARGET = {"toml": toml, "definitions": definitions, "manifest": manifest, "claims": claims, "expression": expression,
             "json": json_texts, "specs": specs, "records": records, "seals": seals, "training_log": training_log,
             "catalog": catalog, "html": html, "archive": archive, "rows": rows, "dictionary": dictionary, "charset": charset,
             "safetensors": safetensors, "token_shards": token_shards, "tokenizer": tokenizer, "template_text": template_text}


def write(target, folder):
    for data in OF_TARGET[target]():
        (folder / f"seed-{hashlib.sha1(data).hexdigest()[:16]}").write_bytes(data)


def write_words(target, path):
    """libFuzzer's dictionary: the keys and names that the sources read, of TOML and JSON; else a few marks."""
    words = {"\\xff\\xfe", "\\x00", "1e999", "-0"}
    if target in ("toml", "definitions", "manifest", "claims", "specs", "records", "seals", "tokenizer", "safetensors"):
        for source in (ROOT / "src").glob("*/*.cpp"):
            text = source.read_text()
            words |= set(re.findall(r'(?:field|table|list|find|at)\("(\w+)"', text))
            for names in re.findall(r"one_of\(\{([^}]*)\}", text):
                words |= set(re.findall(r'"([^"\\]+)"', names))
    if target == "expression":
        words |= {"abs(", "ln(", "exp(", "sqrt(", "min(", "max(", "least(", "greatest("}
    if target == "html":
        words |= {"<p>", "</p>", "<pre>", "<table>", "<script>", "<meta charset=", "&amp;", "&#x", "<svg>", "<template>"}
    path.write_text("".join(f'"{word}"\n' for word in sorted(words)))
