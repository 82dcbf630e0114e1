// Files that hold texts, however they are packed: archives, compressions, JSON lines, columns,
// pages.
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/formats/readers.hpp"
#include "data/formats/records.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

config::CorpusLimits small_limits() {
  config::CorpusLimits limits;
  limits.total_bytes = limits.member_bytes = limits.memory_bytes = 30'000'000;
  limits.record_bytes = 1'000'000;
  limits.records = limits.members = 10'000;
  return limits;
}

}  // namespace

void read(std::string_view bytes) {
  const char* const readers[] = {"auto", "jsonl",          "parquet",         "text",
                                 "html", "json-summaries", "text-paragraphs", "dictionary"};
  config::CorpusSource source;
  source.reader = readers[choose(bytes, 8)];
  const MemoryFile file(bytes);
  attempt([&] {
    if (data::is_package_reader(source.reader)) {
      data::read_package(
          source, file.path(),
          [](const std::string&, std::vector<std::string>&& paragraphs) {
            for (const std::string& one : paragraphs)
              require(!one.empty(), "a paragraph holds something");
          },
          small_limits());
      return;
    }
    data::DropCounts dropped;
    data::read_records(
        file.path(), source.reader, "text", dropped,
        [](std::string&& text) { require(is_utf8(text) && !trim(text).empty(), "a text is one"); },
        small_limits());
  });
}

}  // namespace repro::fuzz
