"""The files that tests/torture/archives imports: a name, bytes, and what may be made of them.

Every case is damaged, hostile or both. `texts` are the documents of the whole file: an import that is
accepted must give exactly these; None means that it must be refused. ANY means that no reader can know
(no checksum covers the change), so only the program's manners count."""
import bz2
import dataclasses
import gzip
import io
import json
import lzma
import pathlib
import random
import struct
import sys
import tarfile
import zipfile
import zlib

ANY = object()
ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Case:
    kind: str
    name: str
    data: bytes
    texts: object = None  # None, ANY, or a list


def pyarrow():
    """Arrow's own Python side, which comes with the wheel that the build links."""
    sys.path.insert(0, str(ROOT / ".deps"))
    import pyarrow
    import pyarrow.parquet
    return pyarrow


def words(number, seed):
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(number))


TEXTS = [f"document {i} says {words(40, i)}." for i in range(300)]
LINES = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS).encode()


def tar(members, mode="w", format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format) as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if not isinstance(name, tarfile.TarInfo):
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def pieces(number):
    """The lines in `number` members."""
    size = len(TEXTS) // number
    return [(f"part-{i}.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in TEXTS[i * size:(i + 1) * size]).encode())
            for i in range(number)]


def zstd(data, checksum=True):
    packed = bytes(pyarrow().compress(data, codec="zstd", asbytes=True))
    if not checksum:
        return packed
    # A content checksum: the flag in the frame header, XXH64's low half behind the last block.
    return packed[:4] + bytes([packed[4] | 4]) + packed[5:] + struct.pack("<I", xxh64(data) & 0xFFFFFFFF)


def xxh64(data):
    p1, p2, p3, p4, p5 = (11400714785074694791, 14029467366897019727, 1609587929392839161,
                          9650029242287828579, 2870177450012600261)
    mask = (1 << 64) - 1

    def rotated(x, by):
        return ((x << by) | (x >> (64 - by))) & mask

    def one(state, lane):
        return rotated((state + lane * p2) & mask, 31) * p1 & mask

    at = 0
    if len(data) >= 32:
        state = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while at + 32 <= len(data):
            for i, lane in enumerate(struct.unpack_from("<4Q", data, at)):
                state[i] = one(state[i], lane)
            at += 32
        value = sum(rotated(s, by) for s, by in zip(state, (1, 7, 12, 18))) & mask
        for s in state:
            value = ((value ^ one(0, s)) * p1 + p4) & mask
    else:
        value = p5
    value = (value + len(data)) & mask
    while at + 8 <= len(data):
        value = (rotated(value ^ one(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= len(data):
        value = (rotated(value ^ struct.unpack_from("<I", data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        value = rotated(value ^ byte * p5 & mask, 11) * p1 & mask
    value = (value ^ value >> 33) * p2 & mask
    value = (value ^ value >> 29) * p3 & mask
    return value ^ value >> 32


def parquet(texts, **options):
    arrow = pyarrow()
    out = io.BytesIO()
    arrow.parquet.write_table(arrow.table({"text": texts}), out, **options)
    return out.getvalue()


def arrow_file(texts, stream=False):
    arrow = pyarrow()
    out = io.BytesIO()
    table = arrow.table({"text": texts})
    with (arrow.ipc.new_stream if stream else arrow.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=50)
    return out.getvalue()


def packed_files():
    """Name -> whole file; all give TEXTS."""
    return {
        "gzip": gzip.compress(LINES, mtime=0),
        "gzip-members": b"".join(gzip.compress(data, mtime=0) for _, data in pieces(6)),
        "zstd": zstd(LINES),
        "xz": lzma.compress(LINES),
        "bzip2": bz2.compress(LINES),
        "tar": tar(pieces(6)),
        "tar-gzip": gzip.compress(tar(pieces(6)), mtime=0),
        "tar-of-gzip": tar([(n + ".gz", gzip.compress(d, mtime=0)) for n, d in pieces(6)]),
        "zip": zipped(pieces(6)),
        "zip-stored": zipped(pieces(6), zipfile.ZIP_STORED),
        "zip-bzip2": zipped(pieces(6), zipfile.ZIP_BZIP2),
        "parquet": parquet(TEXTS, row_group_size=50, write_page_checksum=True),
        "parquet-zstd": parquet(TEXTS, row_group_size=50, compression="zstd", write_page_checksum=True),
        "arrow": arrow_file(TEXTS),
        "arrow-stream": arrow_file(TEXTS, stream=True),
    }


# Formats in which a checksum covers every byte of text.
CHECKED = ["gzip", "gzip-members", "zstd", "xz", "bzip2", "tar-gzip", "tar-of-gzip", "zip", "zip-stored", "zip-bzip2"]


def cut_short(draw, rounds):
    for name, data in packed_files().items():
        places = {len(data) - n for n in (1, 4, 8, 22, 100)} | {len(data) // 10, len(data) // 2, 20}
        if name.startswith("tar") and "gzip" not in name:
            places |= {512 * n for n in range(1, len(data) // 512, max(1, len(data) // 5120))}
        places |= {draw.randrange(10, len(data)) for _ in range(rounds)}
        for place in sorted(places):
            yield Case("cut short", f"{name} at {place} of {len(data)}", data[:place], TEXTS)


def flipped(draw, rounds):
    for name, data in packed_files().items():
        for _ in range(rounds):
            changed = bytearray(data)
            place = draw.randrange(len(data))
            changed[place] ^= 1 << draw.randrange(8)
            yield Case("flipped bit", f"{name} at {place}", bytes(changed),
                       TEXTS if name in CHECKED else ANY)


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def escaping(_draw, _rounds):
    good = pieces(1)
    for name in ("../outside", "a/../../outside", "/tmp/outside-of-import", "./../outside", "a/../b"):
        yield Case("path escape", f"tar {name}", tar(good + [(name, b"{\"text\": \"x\"}\n")]))
        yield Case("path escape", f"zip {name}", zipped(good + [(name, b"{\"text\": \"x\"}\n")]))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        for target in ("../../etc/passwd", "/etc/passwd"):
            yield Case("path escape", f"link {target}", tar(good + [(link("a/l", target, kind), b"")]))
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
        info = tarfile.TarInfo("device")
        info.type = kind
        yield Case("path escape", f"member of type {kind}", tar(good + [(info, b"")]), TEXTS)
    for name in ("\x1b[2Jescape", "new\nline", "back\\slash", "x" * 5000, "a/" * 500 + "b", "'`touch x`$(touch x)", "caf\u00e9"):
        yield Case("path escape", f"name {name[:20]!r}", tar([(name, LINES)]), TEXTS)
        yield Case("path escape", f"zip name {name[:20]!r}", zipped([(name, LINES)]), TEXTS)


def packed_zeros(bytes_of_text):
    """One text of so many letters as JSON, compressed piece by piece."""
    def chunks():
        yield b'{"text": "'
        for _ in range(bytes_of_text // 1_000_000):
            yield b"z" * 1_000_000
        yield b'"}\n'
    packers = {"gzip": zlib.compressobj(9, zlib.DEFLATED, 31), "xz": lzma.LZMACompressor(), "bzip2": bz2.BZ2Compressor()}
    for name, packer in packers.items():
        yield name, b"".join(packer.compress(c) for c in chunks()) + packer.flush()


def small_records_bomb(records):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    line = b'{"text": "' + b"the same again and again " * 40 + b'"}\n'
    return b"".join(packer.compress(line * 1000) for _ in range(records // 1000)) + packer.flush()


def with_dictionary(data, size_code):
    """An xz stream that asks for another dictionary: the byte in its block header, and that one's CRC."""
    header = bytearray(data[12:12 + (data[12] + 1) * 4])
    header[4] = size_code
    header[-4:] = struct.pack("<I", zlib.crc32(header[:-4]))
    return data[:12] + bytes(header) + data[12 + len(header):]


def quine_like(depth, pack):
    data = LINES
    for _ in range(depth):
        data = pack([("inner", data)])
    return data


def bombs(_draw, rounds):
    large = 2_000_000_000 if rounds > 3 else 100_000_000
    for name, data in packed_zeros(large):
        yield Case("bomb", f"{name}: {large // 1_000_000} MB out of {len(data) // 1000} kB", data)
        yield Case("bomb", f"zip of {name}", zipped([("a", data)], zipfile.ZIP_STORED))
        yield Case("bomb", f"gzip of {name}", gzip.compress(data))
    yield Case("bomb", "zip of 2 levels", zipped([(str(i), zipped([("a", b"z" * 50_000_000)])) for i in range(3)]))
    yield Case("bomb", "zip member", zipped([("a", b"z" * 200_000_000)]))
    yield Case("bomb", "zip of many members", zipped([(str(i), b"z" * 20_000_000) for i in range(8)]))
    yield Case("bomb", "many small records", small_records_bomb(large // 1000))
    for name, pack in (("tar", tar), ("zip", zipped), ("zip in tar", lambda m: tar([("z", zipped(m))]))):
        yield Case("bomb", f"{name} in {name}, 40 deep", quine_like(40, pack))
    yield Case("bomb", "gzip of gzip, 40 deep", quine_like(40, lambda m: gzip.compress(m[0][1])))
    for code in (30, 34, 37, 40):
        yield Case("bomb", f"xz dictionary code {code}", with_dictionary(lzma.compress(LINES), code), TEXTS)
    frame = zstd(LINES, checksum=False)
    yield Case("bomb", "zstd window of 2^41", frame[:4] + bytes([frame[4] & ~0x20 & 0xFF, 0xF8]) + frame[5:])
    yield Case("bomb", "zstd claims 2^60 bytes", frame[:4] + b"\xe0" + struct.pack("<Q", 1 << 60) + frame[7:])
    yield Case("bomb", "a million empty members", tar([(str(i), b"") for i in range(20_000 * rounds)]))


def records(_draw, _rounds):
    def lines(line):
        return LINES + line + b"\n"
    mb = 1_000_000
    yield Case("record", "a line of 200 MB", lines(b'{"text": "' + b"z" * 200 * mb + b'"}'))
    yield Case("record", "a text of 60 MB", lines(b'{"text": "' + b"z" * 60 * mb + b'"}'))
    yield Case("record", "a word of 15 MB", lines(b'{"text": "' + b"z" * 15 * mb + b'"}'), TEXTS + ["z" * 15 * mb])
    yield Case("record", "15 MB of escapes", lines(b'{"text": "' + b"\\u00e9" * 2 * mb + b'"}'), TEXTS + ["\u00e9" * 2 * mb])
    for name, junk in (("brackets", b"[" * 20 * mb + b"]" * 20 * mb), ("zeros", b"[0" + b",0" * 20 * mb + b"]"),
                       ("objects", b'{"a":' * 5 * mb + b"0" + b"}" * 5 * mb), ("brackets unclosed", b"[" * 40 * mb)):
        texts = TEXTS + ["kept"] if "unclosed" not in name else TEXTS
        yield Case("record", f"40 MB of {name} beside the text", lines(b'{"junk": ' + junk + b', "text": "kept"}'), texts)
    yield Case("record", "a list without end", b"[" + LINES.replace(b"\n", b",") + b'{"text": "cut')
    yield Case("record", "objects over lines without end", b'{\n"text": "' + b"z" * 100 * mb)
    yield Case("record", "10 million blank lines", lines(b"\n" * 10 * mb), TEXTS)
    yield Case("record", "a lone surrogate", lines(b'{"text": "\\ud800"}'), TEXTS)
    yield Case("record", "bytes that are no UTF-8", lines(b'{"text": "\xff\xfe"}'), TEXTS)
    yield Case("record", "UTF-16", "\n\n".join(TEXTS).encode("utf-16"))
    yield Case("record", "text with bytes 0", b"plain text\0with zeros\n\n" * 100)
    yield Case("record", "a line of 200 MB of prose", b"word " * 40 * mb)
    yield Case("record", "controls and overrides", lines(json.dumps({"text": "\x1b[2J\u202e\u009b\u0000x"}).encode()),
               TEXTS + ["\x1b[2J\u202e\u009b\u0000x"])


def edited_zip(data, offset_in_local, pattern, value):
    """Changes a field of every local header, or of the central directory."""
    changed = bytearray(data)
    at = changed.find(pattern)
    while at >= 0:
        changed[at + offset_in_local:at + offset_in_local + len(value)] = value
        at = changed.find(pattern, at + 4)
    return bytes(changed)


def archives(_draw, _rounds):
    whole = zipped(pieces(6))
    local, central = b"PK\x03\x04", b"PK\x01\x02"
    stored = zipped(pieces(6), zipfile.ZIP_STORED)
    for name, data in (("deflated", whole), ("stored", stored)):
        yield Case("archive", f"zip {name}: wrong CRC", edited_zip(data, 14, local, b"\1\2\3\4"))
        yield Case("archive", f"zip {name}: size of 0", edited_zip(data, 22, local, b"\0\0\0\0"))
        yield Case("archive", f"zip {name}: size of 4 GB", edited_zip(data, 22, local, b"\xfe\xff\xff\xff"))
        yield Case("archive", f"zip {name}: packed size of 4 GB", edited_zip(data, 18, local, b"\xfe\xff\xff\xff"))
        yield Case("archive", f"zip {name}: encrypted", edited_zip(data, 6, local, b"\1\0"))
        yield Case("archive", f"zip {name}: an unknown method", edited_zip(data, 8, local, b"\x63\0"))
        yield Case("archive", f"zip {name}: garbage in front", b"garbage" + data)
    yield Case("archive", "zip: another name in the directory", edited_zip(whole, 46, central, b"../"), TEXTS)
    yield Case("archive", "zip by lzma", zipped(pieces(1), zipfile.ZIP_LZMA))
    yield Case("archive", "two zips", whole + whole, TEXTS + TEXTS)
    streamed = io.BytesIO()
    streamed.seekable = lambda: False
    with zipfile.ZipFile(streamed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", LINES)
    data = streamed.getvalue()
    yield Case("archive", "zip streamed", data, TEXTS)
    mark = data.rfind(b"PK\x07\x08")
    yield Case("archive", "zip streamed: wrong CRC", data[:mark + 4] + b"\1\2\3\4" + data[mark + 8:])
    gz = gzip.compress(LINES, mtime=0)
    yield Case("archive", "gzip: wrong CRC", gz[:-8] + b"\1\2\3\4" + gz[-4:])
    yield Case("archive", "gzip: wrong length", gz[:-4] + b"\1\2\3\4")
    yield Case("archive", "gzip: garbage behind", gz + b"garbage")
    yield Case("archive", "gzip: half a member behind", gz + gz[:-20])
    yield Case("archive", "xz: garbage behind", lzma.compress(LINES) + b"garbage!")
    yield Case("archive", "bzip2: garbage behind", bz2.compress(LINES) + b"garbage", TEXTS)
    yield Case("archive", "zstd: garbage behind", zstd(LINES) + b"garbage")
    for magic in (b"LRZI\0\6", b"\x89LZO\0\r\n\x1a\n", b"LZIP\1", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\7\1\0", b"\x04\x22\x4d\x18", b"\x1f\x9d\x90", b"\x28\xb5\x2f\xfe"):
        yield Case("archive", f"packed as {magic[:4]!r}", magic + b"x" * 2000)
        yield Case("archive", f"member packed as {magic[:4]!r}", tar(pieces(1) + [("a", magic + b"x" * 2000)]))
    yield from tars()


def tars():
    whole = tar(pieces(6), format=tarfile.USTAR_FORMAT)

    def header(**fields):
        changed = bytearray(whole)
        for place, value in fields.values():
            changed[place:place + len(value)] = value
        changed[148:156] = b" " * 8
        changed[148:156] = b"%06o\0 " % sum(changed[:512])
        return bytes(changed)

    yield Case("archive", "tar: no magic", header(a=(257, b"\0" * 8)))
    for name, size in (("negative", b"\xff" * 12), ("of 2^70", b"\x80" + b"\0" * 2 + b"\x40" + b"\0" * 8), ("of 8 GB", b"77777777777\0"), ("no number", b"size?\0\0\0\0\0\0\0")):
        yield Case("archive", f"tar: size {name}", header(a=(124, size)))
    yield Case("archive", "tar: wrong checksum", whole[:100] + b"1" + whole[101:])
    yield Case("archive", "two tars", whole + whole, TEXTS + TEXTS)
    yield Case("archive", "tar: garbage behind", whole + b"garbage")
    yield Case("archive", "tar: no end", whole[:whole.rstrip(b"\0").rfind(b"}") // 512 * 512 + 512])
    sparse = tarfile.TarInfo("sparse")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "s", "GNU.sparse.realsize": str(1 << 45)}
    sparse.size = 512
    yield Case("archive", "tar: sparse of 32 TB", tar(pieces(1) + [(sparse, b"1\n0\n0\n".ljust(512, b"\0"))]),
               TEXTS)  # its zeros are no JSON: said to be dropped before they are read
    huge = tarfile.TarInfo("huge")
    huge.pax_headers = {"size": str(1 << 60)}
    yield Case("archive", "tar: pax size of 2^60", tar(pieces(1) + [(huge, b"")]))
    long_name = tarfile.TarInfo("x" * 50_000_000)
    yield Case("archive", "tar: a name of 50 MB", tar(pieces(1) + [(long_name, b"")], format=tarfile.GNU_FORMAT))


def columns(draw, rounds):
    arrow = pyarrow()
    big = "z" * 900_000

    def repeated(times):
        return arrow.DictionaryArray.from_arrays(arrow.array([0] * times, arrow.int32()), arrow.array([big]))

    for times in (100_000, 500):
        yield Case("columns", f"parquet: {times} times 900 kB", parquet(repeated(times), store_schema=False))
    yield Case("columns", "parquet: zstd of 150 MB", parquet(["z" * 1_000_000] * 150, use_dictionary=False, compression="zstd"))
    yield Case("columns", "parquet: a value of 60 MB", parquet(["z" * 60_000_000], compression="zstd"))
    yield Case("columns", "parquet: 30 million nulls", parquet(arrow.nulls(30_000_000, arrow.string())))
    out = io.BytesIO()
    table = arrow.table({"text": repeated(2000)})
    with arrow.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    yield Case("columns", "arrow: 2,000 times 900 kB", out.getvalue())
    whole = parquet(TEXTS, row_group_size=50)
    footer = struct.unpack("<I", whole[-8:-4])[0]
    yield Case("columns", "parquet: footer of 4 GB", whole[:-8] + b"\xff\xff\xff\xff" + whole[-4:])
    yield Case("columns", "parquet: footer of 0", whole[:-8] + b"\0\0\0\0" + whole[-4:])
    yield Case("columns", "parquet: numbers for text", parquet(list(range(300))))
    yield Case("columns", "parquet: no text", parquet(arrow.nulls(300, arrow.string())))
    nested = arrow.array([TEXTS])
    for _ in range(60):
        nested = arrow.ListArray.from_arrays(arrow.array([0, 1], arrow.int32()), nested)
    yield Case("columns", "parquet: nested 60 deep", parquet(nested))
    for name, data, begin in (("parquet footer", whole, len(whole) - footer - 8), ("parquet", whole, 0),
                              ("arrow stream", arrow_file(TEXTS, stream=True), 0), ("arrow", arrow_file(TEXTS), 0)):
        for _ in range(10 * rounds):
            changed = bytearray(data)
            for _ in range(draw.randint(1, 4)):
                changed[draw.randrange(begin, len(data))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
            yield Case("columns", f"{name}, {len(changed)} bytes, changed", bytes(changed), ANY)


KINDS = {"cut short": cut_short, "flipped bit": flipped, "path escape": escaping, "bomb": bombs, "record": records,
         "archive": archives, "columns": columns}
