#include "data/formats/records.hpp"

#include <array>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/formats/archive.hpp"
#include "data/formats/budget.hpp"
#include "data/formats/columnar.hpp"
#include "data/formats/input.hpp"
#include "data/formats/plain_text.hpp"
#include "data/formats/text_field.hpp"
#include "data/sources/fetch.hpp"

namespace repro::data {
namespace {

constexpr size_t kHeadBytes = 4096;

// Where texts go, and the count of those that are none.
class Records {
 public:
  Records(const fs::path& path, DropCounts& dropped, const VisitRecord& visit,
          const config::CorpusLimits& limits)
      : name_(path.string()), dropped_(dropped), visit_(visit), budget_(limits) {}

  const config::CorpusLimits& limits() const { return budget_.limits(); }
  void drop(const char* reason) {
    budget_.add_record(name_, 0);
    ++dropped_[std::string("records: ") + reason];
  }
  void add(std::string&& text) {
    if (trim(text).empty()) {
      drop("empty text");
    } else if (!is_utf8(text)) {
      drop("not UTF-8");
    } else {
      budget_.add_record(name_, text.size());
      visit_(std::move(text));
    }
  }

 private:
  std::string name_;
  DropCounts& dropped_;
  const VisitRecord& visit_;
  Budget budget_;
};

void skip_byte_order_mark(Input& input) {
  std::array<char, 3> mark;
  if (input.peek(3) == "\xEF\xBB\xBF") input.read(mark);
}

// An object, or a list of objects.
bool looks_like_json(std::string_view head) {
  head = trim(head);
  if (head.starts_with('[')) head = trim(head.substr(1));
  return head.starts_with('{');
}

bool looks_like_json(Input& input) { return looks_like_json(input.peek(kHeadBytes)); }

// One object after another, of a list or of objects over several lines, without holding the file:
// what stands between two of them, "[", "," and "]", is passed over.
class ObjectReader {
 public:
  explicit ObjectReader(Input& input) : input_(input), buffer_(size_t{1} << 16) {}

  // False at the end; Error when the last object is not closed.
  bool next(std::string& object) {
    object.clear();
    int depth = 0;
    bool in_string = false, escaped = false;
    while (true) {
      if (at_ == size_ && !refill()) {
        if (depth > 0) throw Error("{}: the last JSON object is cut short", input_.name());
        return false;
      }
      const char c = buffer_[at_++];
      if (depth == 0 && c != '{') continue;
      object += c;
      if (object.size() > kLongestObject)
        throw Error("{}: a JSON object of more than {} bytes", input_.name(), kLongestObject);
      if (in_string) {
        in_string = escaped || c != '"';
        escaped = !escaped && c == '\\';
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && --depth == 0) {
        return true;
      }
    }
  }

 private:
  static constexpr size_t kLongestObject = size_t{64} << 20;

  bool refill() {
    at_ = 0;
    size_ = input_.read(buffer_);
    return size_ > 0;
  }

  Input& input_;
  std::vector<char> buffer_;
  size_t at_ = 0, size_ = 0;
};

void add_json(std::string_view record, const std::string& text_field, Records& records) {
  std::string text;
  switch (read_text_field(record, text_field, text)) {
    case FieldKind::no_json:
      return records.drop("malformed JSON");
    case FieldKind::absent:
      return records.drop("no text field");
    case FieldKind::no_string:
      return records.drop("text field is not a string");
    case FieldKind::text:
      return records.add(std::move(text));
  }
}

// A list, or an object that its first line does not hold.
bool spans_lines(Input& input) {
  const std::string_view head = trim(input.peek(kHeadBytes));
  return head.starts_with('[') || trim(head.substr(0, head.find('\n'))) == "{";
}

void read_json(Input& input, const std::string& text_field, Records& records) {
  if (spans_lines(input)) {
    ObjectReader objects(input);
    std::string object;
    while (objects.next(object)) add_json(object, text_field, records);
    return;
  }
  LineReader lines(input);
  std::string_view line;
  while (lines.next(line))
    if (!trim(line).empty()) add_json(line, text_field, records);
}

void read_lines(Input& input, TextLayout layout, Records& records) {
  DocumentAssembler assembler(layout, [&](std::string&& text) { records.add(std::move(text)); });
  LineReader lines(input);
  std::string_view line;
  while (lines.next(line)) {
    if (line.find('\0') != line.npos)
      throw Error("{}: holds bytes 0: damaged, or no text in UTF-8; convert it first",
                  input.name());
    assembler.add_line(line);
  }
  assembler.finish();
}

void read_member(Input& input, const std::string& reader, const std::string& text_field,
                 Records& records);

void read_members(Input& archive, const std::string& reader, const std::string& text_field,
                  Records& records) {
  for_each_member(archive, {}, [&](const std::string&, Input& content) {
    read_member(content, reader, text_field, records);
  });
}

// Is the first line a JSON record with the text's field? Then it is no prose, whatever was
// declared.
bool holds_field(Input& input, const std::string& text_field) {
  const std::string_view head = trim(input.peek(kHeadBytes));
  return head.starts_with('{') &&
         head.substr(0, head.find('\n')).find("\"" + text_field + "\":") != std::string::npos;
}

// A member of an archive or a file of a folder: one document, or JSON lines; archives in archives
// are opened as well.
void read_member(Input& input, const std::string& reader, const std::string& text_field,
                 Records& records) {
  const auto plain = decompress(borrow(input));
  skip_byte_order_mark(*plain);
  if (is_archive(*plain)) {
    read_members(*plain, reader, text_field, records);
  } else if (is_columnar(plain->peek(8))) {
    throw Error("{}: a Parquet or Arrow file inside another; unpack it and give it by itself",
                plain->name());
  } else if (reader == "jsonl") {
    if (!looks_like_json(*plain)) return records.drop("member is no JSON lines");
    read_json(*plain, text_field, records);
  } else if (holds_field(*plain, text_field)) {
    throw Error("{}: JSON lines, not prose; read them with --reader jsonl", plain->name());
  } else {
    read_lines(*plain, TextLayout::one_document, records);
  }
}

void read_stream(const fs::path& path, const std::string& reader, const std::string& text_field,
                 Records& records) {
  const auto input = decompress(open_input(path, records.limits()));
  skip_byte_order_mark(*input);
  if (is_archive(*input)) {
    read_members(*input, reader, text_field, records);
  } else if (reader == "jsonl") {
    if (!looks_like_json(*input))
      throw Error("{}: not JSON lines: it begins with no object", path.string());
    read_json(*input, text_field, records);
  } else {
    read_lines(*input, layout_of(input->peek(kHeadBytes)), records);
  }
}

// Rows are documents, unless they are the lines of articles, as in WikiText's Parquet files.
void read_columns(const fs::path& path, const std::string& text_field, Records& records) {
  DocumentAssembler articles(TextLayout::articles,
                             [&](std::string&& text) { records.add(std::move(text)); });
  std::optional<bool> lines;
  const auto add = [&](std::optional<std::string_view> value) {
    if (!value) return records.drop("no text field");
    if (!lines && !trim(*value).empty()) lines = is_article_heading(*value);
    if (lines.value_or(true)) return articles.add_line(*value);
    records.add(std::string(*value));
  };
  for_each_text(path, text_field, add, records.limits());
  articles.finish();
}

}  // namespace

std::string reader_for(const fs::path& path, const config::CorpusLimits& limits) {
  if (!fs::exists(path)) throw Error("{}: no such file or folder", path.string());
  if (fs::is_directory(path)) return "text";
  auto file = open_input(path, limits);
  const std::string_view head = file->peek(8);
  if (head.empty()) throw Error("{}: the file is empty", path.string());
  if (is_columnar(head)) return "parquet";
  const auto input = decompress(std::move(file));
  skip_byte_order_mark(*input);
  if (is_archive(*input))
    return looks_like_json(first_member_head(*input, kHeadBytes)) ? "jsonl" : "text";
  return looks_like_json(*input) ? "jsonl" : "text";
}

void read_records(const fs::path& path, const std::string& declared, const std::string& text_field,
                  DropCounts& dropped, const VisitRecord& visit,
                  const config::CorpusLimits& limits) {
  const std::string reader = declared == "auto" ? reader_for(path, limits) : declared;
  Records records(path, dropped, visit, limits);
  if (fs::is_directory(path)) {
    for (const fs::path& file : text_files_of(path)) {
      const auto input = open_input(file, limits);
      read_member(*input, reader, text_field, records);
    }
    return;
  }
  const bool columnar = is_columnar(open_input(path)->peek(8));
  if (columnar != (reader == "parquet"))
    throw Error("{}: {}, but its reader is '{}'", path.string(),
                columnar ? "a Parquet or Arrow file" : "not a Parquet or Arrow file", reader);
  if (columnar) {
    read_columns(path, text_field, records);
  } else {
    read_stream(path, reader, text_field, records);
  }
}

}  // namespace repro::data
