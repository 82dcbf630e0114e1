#include "import/foreign_log.hpp"

#include <fmt/format.h>

#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "import/csv_log.hpp"
#include "import/hf_trainer.hpp"
#include "import/log_lines.hpp"
#include "import/log_text.hpp"

namespace repro::imports {
namespace {

using Line = std::string_view;

// The lines of one process, of which several may share a file.
struct Process {
  std::unique_ptr<LineReader> reader;
  LogBuilder log;
};

class LineLog {
 public:
  LineLog(std::string file, const ForeignLog& log) : file_(std::move(file)), log_(log) {}

  void read(Line text) {
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      read_line(text.substr(0, end), number);
      text.remove_prefix(end == Line::npos ? text.size() : end + 1);
    }
  }

  ImportedLog finish() {
    for (auto& [rank, process] : processes_) process.reader->finish(process.log);
    if (processes_.empty()) throw_no_step();
    Process* best = &processes_.begin()->second;
    int64_t steps = 0;
    for (auto& [rank, process] : processes_) {
      steps += process.log.steps();
      if (process.log.losses() > best->log.losses()) best = &process;
    }
    if (steps == 0) throw_no_step();
    const int64_t others = steps - best->log.steps();
    ImportedLog imported = best->log.finish();
    imported.lines = lines_;
    imported.unknown = unknown_;
    imported.other_ranks = others;
    if (unread_) imported.first_unread = fmt::format("line {}: {}", unread_->line, unread_->text);
    return imported;
  }

 private:
  struct Unread {
    size_t line = 0;
    std::string text;
  };

  // A progress bar rewrites its line: what stands between two returns is a line of its own.
  void read_line(Line line, size_t number) {
    if (trim(line).empty()) return;
    ++lines_;
    bool known = false;
    while (!line.empty()) {
      const size_t end = line.find('\r');
      const Line part = line.substr(0, end);
      if (!trim(part).empty()) known = read_part(part, number) || known;
      line.remove_prefix(end == Line::npos ? line.size() : end + 1);
    }
    if (known) return;
    ++unknown_;
    if (!unknown_line_) unknown_line_ = Unread{number, excerpt(line_text_)};
  }

  bool read_part(Line part, size_t number) {
    line_text_ = part;
    Process& process = process_of(rank_of(part).value_or(-1));
    const LineKind kind = process.reader->read(part, number, process.log);
    if (kind == LineKind::unread && !unread_) unread_ = Unread{number, excerpt(part)};
    return kind == LineKind::record;
  }

  // Lines without a rank are those of a process that says none.
  Process& process_of(int64_t rank) {
    const auto found = processes_.find(rank);
    if (found != processes_.end()) return found->second;
    Process begun{line_reader(log_.format), LogBuilder(file_, log_)};
    return processes_.emplace(rank, std::move(begun)).first->second;
  }

  [[noreturn]] void throw_no_step() const {
    const auto& first = unread_ ? unread_ : unknown_line_;
    if (!first)
      throw Error(Exit::bad_log, "{}:1: the file holds no line; expected a log of '{}'", file_,
                  log_.format);
    throw Error(Exit::bad_log,
                "{}:{}: no step of format '{}' in {} lines; another --format ({})? The first line "
                "not understood is '{}'",
                file_, first->line, log_.format, lines_, join(foreign_formats(), ", "),
                first->text);
  }

  std::string file_;
  const ForeignLog& log_;
  std::map<int64_t, Process> processes_;
  std::string line_text_;
  int64_t lines_ = 0, unknown_ = 0;
  std::optional<Unread> unread_, unknown_line_;
};

ImportedLog import_csv(const std::string& text, const std::string& file, const ForeignLog& log) {
  LogBuilder builder(file, log);
  const CsvRows rows = read_csv_log(text, file, builder);
  if (builder.steps() == 0)
    throw Error(Exit::bad_log, "{}:1: no row with a step of a training", file);
  ImportedLog imported = builder.finish();
  imported.lines = rows.all;
  imported.other_ranks = rows.other_ranks;
  return imported;
}

ImportedLog import_state(const std::string& text, const std::string& file, const ForeignLog& log) {
  LogBuilder builder(file, log);
  const StateEntries entries = read_trainer_state(text, builder);
  if (builder.steps() == 0)
    throw Error(Exit::bad_log, "{}:1: log_history has no entry with a loss and a step", file);
  ImportedLog imported = builder.finish();
  imported.lines = entries.all;
  imported.unknown = entries.unknown;
  return imported;
}

}  // namespace

std::vector<std::string> foreign_formats() {
  return {"hf-trainer", "megatron", "nanogpt", "torchtitan", "csv"};
}

ImportedLog import_foreign_log(const std::filesystem::path& path, const ForeignLog& log) {
  const std::string text = read_text(path);
  if (log.format == "csv") return import_csv(text, path.string(), log);
  if (log.format == "hf-trainer" && is_trainer_state(text))
    return import_state(text, path.string(), log);
  if (line_reader(log.format) == nullptr)
    throw Error(Exit::usage, "--format {}: expected one of {}", log.format,
                join(foreign_formats(), ", "));
  LineLog lines(path.string(), log);
  lines.read(text);
  return lines.finish();
}

}  // namespace repro::imports
