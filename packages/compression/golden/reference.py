"""Writes reference.json: what the reference libraries make of generated input, in the shapes that Kafka's Java client never writes.

Usage: python reference.py, with the packages lz4, zstandard, cramjam and xxhash. The generators are those of java.json.
"""

import base64, gzip, io, json, pathlib
import cramjam, lz4, lz4.frame, xxhash, zstandard

here = pathlib.Path(__file__).parent
vocabulary = [word.encode() for word in json.loads((here / "java.json").read_text("utf-8"))["words"]]


def states(seed):
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed


def generate(generator, seed, size):
    out = bytearray()
    for state in states(seed):
        if len(out) >= size:
            return bytes(out[:size])
        out += bytes([state >> 24]) if generator == "random" else vocabulary[state >> 28]


def case(codec, name, generator, seed, size, compress):
    compressed = compress(generate(generator, seed, size))
    return {
        "codec": codec,
        "name": name,
        "input": {"generator": generator, "seed": seed, "sizeBytes": size},
        "compressed": base64.b64encode(compressed).decode(),
    }


def lz4_frame(**options):
    return lambda data: lz4.frame.compress(data, **options)


def zstd(level=3, **options):
    size = options.pop("write_content_size", True)
    parameters = zstandard.ZstdCompressionParameters.from_level(level, write_content_size=size, **options)
    return lambda data: zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def zstd_stream(level=3, **options):
    def compress(data):
        parameters = zstandard.ZstdCompressionParameters.from_level(level, write_content_size=False, **options)
        out = io.BytesIO()
        with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as writer:
            for start in range(0, len(data), 5000):
                writer.write(data[start : start + 5000])
                writer.flush()
        return out.getvalue()

    return compress


def halves(compress, between=b""):
    return lambda data: compress(data[: len(data) // 2]) + between + compress(data[len(data) // 2 :])


def named_member(data):
    out = io.BytesIO()
    with gzip.GzipFile("orders.json", "wb", 9, out, mtime=1) as file:
        file.write(data)
    return out.getvalue()


words, random = "words", "random"
skippable = bytes.fromhex("5a2a4d18 03000000 010203")
cases = [
    case("lz4", "linked blocks", words, 11, 70_000, lz4_frame(content_checksum=False, store_size=False)),
    case("lz4", "linked blocks, all checksums, size", words, 12, 66_000, lz4_frame(content_checksum=True, block_checksum=True)),
    case("lz4", "independent blocks, all checksums", words, 13, 66_000, lz4_frame(block_linked=False, content_checksum=True, block_checksum=True, store_size=False)),
    case("lz4", "blocks of 256 KiB, high compression", words, 14, 30_000, lz4_frame(block_size=lz4.frame.BLOCKSIZE_MAX256KB, compression_level=9)),
    case("lz4", "blocks of 1 MiB", words, 15, 3_000, lz4_frame(block_size=lz4.frame.BLOCKSIZE_MAX1MB, store_size=False)),
    case("lz4", "blocks of 4 MiB", words, 16, 3_000, lz4_frame(block_size=lz4.frame.BLOCKSIZE_MAX4MB, store_size=False)),
    case("lz4", "incompressible, linked, block checksums", random, 17, 3_000, lz4_frame(block_checksum=True)),
    case("snappy", "one block without framing", words, 21, 32_000, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    case("snappy", "a large block without framing", words, 22, 70_000, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    case("snappy", "incompressible without framing", random, 23, 3_000, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    case("zstd", "size stated in one byte", words, 31, 200, zstd()),
    case("zstd", "size stated in two bytes", words, 32, 20_000, zstd()),
    case("zstd", "size stated in four bytes", words, 33, 70_000, zstd()),
    case("zstd", "size not stated, checksum", words, 34, 20_000, zstd(write_content_size=False, write_checksum=True)),
    case("zstd", "a stream that was flushed", words, 35, 30_000, zstd_stream()),
    case("zstd", "window of 128 MiB", words, 36, 30_000, zstd_stream(19, window_log=27)),
    case("zstd", "level -100", words, 37, 3_000, zstd(-100)),
    case("zstd", "two frames", words, 38, 6_000, halves(zstd())),
    case("zstd", "two streams, something to skip between", words, 39, 6_000, halves(zstd_stream(), skippable)),
    case("gzip", "with a file name", words, 41, 3_000, named_member),
    case("gzip", "two members", words, 42, 6_000, halves(named_member)),
]
checksums = [{"sizeBytes": size, "xxhash32": xxhash.xxh32_intdigest(generate(random, 51, size))} for size in [0, 1, 3, 4, 15, 16, 17, 31, 32, 1003]]
versions = f"lz4 {lz4.library_version_string()}, libzstd {'.'.join(map(str, zstandard.ZSTD_VERSION))}, snap (Rust, through cramjam {cramjam.__version__}), xxHash {xxhash.XXHASH_VERSION}"
result = {"source": f"{versions} and zlib; written by reference.py", "checksums": {"generator": random, "seed": 51, "values": checksums}, "cases": cases}
(here / "reference.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
