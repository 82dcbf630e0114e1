#include "run/verifier.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

// A file changed within the clock's grain of being hashed keeps its times: what is younger than
// this is not remembered.
constexpr int64_t kYoungNanoseconds = 2'000'000'000;

int64_t nanoseconds_of(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

int64_t nanoseconds_now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_shown(const std::string& file) {
  return file.ends_with(".json") || file.ends_with(".jsonl");
}

[[noreturn]] void refuse(const RunDirectory& directory, const std::string& file,
                         const std::string& what) {
  throw Error("{}: {}; {}", (directory.path() / file).string(), what,
              way_out_of_damage(directory.path()));
}

// The next number of a line "BYTES MODIFIED CHANGED INODE SHA256 RUN/FILE"; false: there is none.
bool take_number(std::string_view& line, int64_t& number) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || end == line.data() + line.size() || *end != ' ') return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()) + 1);
  return true;
}

}  // namespace

Verifier::Verifier(fs::path runs) : runs_(std::move(runs)), memory_(load()) {}

Verifier::~Verifier() {
  try {
    if (learnt_) save();
  } catch (const std::exception&) {  // a folder that cannot be written: hashed again next time
  }
}

Verifier::Memory Verifier::load() const {
  Memory memory;
  std::error_code ignored;
  const fs::path path = runs_ / ".verified";
  if (!fs::is_regular_file(path, ignored)) return memory;
  std::string text;
  try {
    text = read_file(path);
  } catch (const Error&) {
    return memory;
  }
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    Entry entry;
    Stamp& stamp = entry.stamp;
    if (!take_number(line, stamp.bytes) || !take_number(line, stamp.modified) ||
        !take_number(line, stamp.changed) || !take_number(line, stamp.inode) || line.size() < 66)
      continue;
    entry.sha256 = line.substr(0, 64);
    memory.insert_or_assign(std::string(line.substr(65)), std::move(entry));
  }
  return memory;
}

// Beside what other processes learnt meanwhile, and without the runs that are gone.
void Verifier::save() const {
  Memory all = load();
  for (const auto& [name, entry] : memory_) all.insert_or_assign(name, entry);
  std::unordered_map<std::string, bool> there;
  std::string text;
  for (const auto& [name, entry] : all) {
    const std::string run = name.substr(0, name.find('/'));
    const auto known = there.find(run);
    const bool is_there = known != there.end() ? known->second : fs::exists(runs_ / run);
    there[run] = is_there;
    const Stamp& stamp = entry.stamp;
    if (is_there)
      text += fmt::format("{} {} {} {} {} {}\n", stamp.bytes, stamp.modified, stamp.changed,
                          stamp.inode, entry.sha256, name);
  }
  write_file_atomically(runs_ / ".verified", text);
}

json Verifier::result(const RunDirectory& directory) {
  require(directory, "result.json");
  return directory.result();
}

Records Verifier::records(const RunDirectory& directory) {
  if (directory.state() != State::done) return read_records(directory.records_file());
  return records(directory, result(directory));
}

Records Verifier::records(const RunDirectory& directory, const json& left) {
  require(directory, "records.jsonl");
  Records records = read_records(directory.records_file());
  if (!left.contains("clocks")) return records;  // no training of ours
  const int64_t last = left.value("steps", int64_t{0});
  const int64_t end = records.steps.empty() ? 0 : records.steps.back().step;
  if (last != end)
    refuse(directory, "records.jsonl",
           fmt::format("ends at step {}, the result at step {}", end, last));
  return records;
}

void Verifier::require(const RunDirectory& directory, const std::string& file) {
  const auto& seals = seals_of(directory);
  if (!seals) return;
  const auto seal = seals->files.find(file);
  if (seal == seals->files.end())
    refuse(directory, file, "is not among the files that the run left when it was done");
  check(directory, file, seal->second);
}

void Verifier::require_all(const RunDirectory& directory) {
  if (const auto& seals = seals_of(directory))
    for (const auto& [file, seal] : seals->files) check(directory, file, seal);
}

void Verifier::require_shown(const RunDirectory& directory) {
  if (const auto& seals = seals_of(directory))
    for (const auto& [file, seal] : seals->files)
      check(directory, file, seal, is_shown(file) ? Depth::bytes : Depth::size);
}

const std::optional<Seals>& Verifier::seals_of(const RunDirectory& directory) {
  if (last_ != directory.path()) {
    seals_ = read_seals(directory.done_file());
    last_ = directory.path();
  }
  return seals_;
}

void Verifier::check(const RunDirectory& directory, const std::string& file, const Seal& seal,
                     Depth depth) {
  const fs::path path = directory.path() / file;
  const auto stamp = stamp_of(path);
  if (!stamp) refuse(directory, file, "is missing");
  if (stamp->bytes != seal.bytes)
    refuse(directory, file,
           fmt::format("has {} bytes, the run left {}", with_commas(stamp->bytes),
                       with_commas(seal.bytes)));
  const std::string name = directory.path().filename().string() + "/" + file;
  const auto known = memory_.find(name);
  if (known != memory_.end() && known->second.stamp == *stamp &&
      known->second.sha256 == seal.sha256)
    return;
  if (depth == Depth::size) return;
  if (sha256_hex_of_file(path) != seal.sha256)
    refuse(directory, file, "its bytes changed after the run was done");
  if (nanoseconds_now() - stamp->changed < kYoungNanoseconds) return;
  memory_.insert_or_assign(name, Entry{*stamp, seal.sha256});
  learnt_ = true;
}

std::optional<Verifier::Stamp> Verifier::stamp_of(const fs::path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0)
    return Stamp{.bytes = status.st_size,
                 .modified = nanoseconds_of(status.st_mtim),
                 .changed = nanoseconds_of(status.st_ctim),
                 .inode = static_cast<int64_t>(status.st_ino)};
  if (errno != ENOENT && errno != ENOTDIR) fail_with_system(path, "inspect", errno);
  return std::nullopt;
}

void require_whole(const RunDirectory& directory) {
  if (directory.state() == State::done)
    Verifier(directory.path().parent_path()).require_shown(directory);
}

}  // namespace repro::run
