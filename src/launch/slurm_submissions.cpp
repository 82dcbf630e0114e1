#include "launch/slurm_submissions.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "launch/slurm_script.hpp"
#include "launch/slurm_states.hpp"

namespace repro::launch {
namespace {

using nlohmann::json;
using run::RunDirectory;

constexpr uintmax_t kLongestMark = 1 << 12;
constexpr uintmax_t kLongestList = 1 << 26;

fs::path submissions_folder(const fs::path& runs, const std::string& cluster) {
  return runs / kSubmissions / cluster;
}

std::string new_name(const std::string& kind) {
  std::random_device random;
  const uint64_t number = (uint64_t{random()} << 32 | random()) >> 16;
  return fmt::format("repro-{}-{:012x}", is_plain_name(kind) ? kind : "job", number);
}

// Nothing where there is no such file, or it is longer than ours are.
std::optional<std::string> read_short(const fs::path& path, uintmax_t longest) {
  std::error_code absent;
  const uintmax_t size = fs::file_size(path, absent);
  if (absent || size > longest) return std::nullopt;
  return read_file(path);
}

// The names of arrays of which something goes on.
std::set<std::string> names_at_work(const SlurmQueue& queue) {
  std::set<std::string> names;
  for (const auto& [task, entry] : queue)
    if (phase_of(entry.state) != QueuePhase::ended) names.insert(entry.name);
  return names;
}

std::vector<fs::path> lists_below(const fs::path& folder) {
  std::vector<fs::path> lists;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".list") lists.push_back(entry.path());
  return lists;
}

}  // namespace

Submissions::Submissions(const fs::path& runs, const std::string& cluster)
    : folder_(submissions_folder(runs, cluster)), script_(folder_ / "job.sh") {
  make_directories(folder_);
  write_file_atomically(script_, slurm_script());
}

std::string Submissions::add(const std::string& kind,
                             const std::map<int64_t, fs::path>& directories) const {
  std::string text;
  int64_t line = 0;
  for (const auto& [index, directory] : directories) {
    check(directory.native().find('\n') == std::string::npos, "a run directory is one line");
    text.append(static_cast<size_t>(index - line), '\n');
    text += directory.string() + "\n";
    line = index + 1;
  }
  const std::string name = new_name(kind);
  write_file_atomically(list(name), text);
  return name;
}

void Submissions::prune(const SlurmQueue& queue) const {
  const std::set<std::string> at_work = names_at_work(queue);
  std::error_code ignored;
  for (const fs::path& path : lists_below(folder_)) {
    const std::string name = path.stem().string();
    if (at_work.contains(name)) continue;
    fs::remove(path, ignored);
    if (fs::file_size(log(name), ignored) == 0 && !ignored) fs::remove(log(name), ignored);
  }
}

std::map<std::string, SubmittedRun> find_submitted(const fs::path& runs, const std::string& cluster,
                                                   const SlurmQueue& queue) {
  std::map<std::string, std::vector<std::string>> lists;
  for (const fs::path& path : lists_below(submissions_folder(runs, cluster)))
    if (const auto text = read_short(path, kLongestList))
      lists[path.stem().string()] = split(*text, '\n');
  std::map<std::string, SubmittedRun> found;
  for (const auto& [task, entry] : queue) {
    const auto list = lists.find(entry.name);
    if (list == lists.end() || task.index < 0 || phase_of(entry.state) == QueuePhase::ended)
      continue;
    const auto index = static_cast<size_t>(task.index);
    if (index >= list->second.size() || list->second[index].empty()) continue;
    // The queue is in the order of ids, so the newest comes last.
    found[fs::path(list->second[index]).filename().string()] = {task, entry};
  }
  return found;
}

std::map<std::string, SubmittedRun> ask_submitted(const fs::path& runs) {
  return find_submitted(runs, ask_cluster().name, ask_queue());
}

// Thousands are written at once, and nothing rests on one: no write is waited for.
void write_mark(const RunDirectory& directory, const SubmittedMark& mark) {
  const json object = {
      {"launcher", "slurm"}, {"cluster", mark.cluster}, {"job", mark.task}, {"time", mark.time}};
  std::ofstream file(directory.submitted_file(), std::ios::trunc);
  file << object.dump() << "\n" << std::flush;
  if (!file) fail_with_system(directory.submitted_file(), "write", errno);
}

std::optional<SubmittedMark> read_mark(const RunDirectory& directory) {
  const auto text = read_short(directory.submitted_file(), kLongestMark);
  if (!text) return std::nullopt;
  const json object = parse_json(*text);
  if (!object.is_object()) return std::nullopt;
  try {
    SubmittedMark mark{object.at("cluster"), object.at("job"), object.at("time")};
    if (!parse_task(mark.task) || !is_plain_name(mark.cluster)) return std::nullopt;
    return mark;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<ExitStatus> read_ended(const RunDirectory& directory, const std::string& name,
                                     int64_t index) {
  const auto text = read_short(directory.ended_file(), kLongestMark);
  if (!text) return std::nullopt;
  const std::vector<std::string> words = split(trim(*text), ' ');
  if (words.size() != 3 || words[0] != name || words[1] != std::to_string(index))
    return std::nullopt;
  int code = 0;
  const char* end = words[2].data() + words[2].size();
  const auto [rest, error] = std::from_chars(words[2].data(), end, code);
  if (error != std::errc() || rest != end || code < 0 || code > 255) return std::nullopt;
  // A shell says the signal that ended its child so; 130 is what a worker that was asked to stop
  // ends with by itself.
  constexpr int kSignal = 128;
  if (code > kSignal && code != static_cast<int>(Exit::interrupted))
    return ExitStatus{.code = 0, .signal = code - kSignal};
  return ExitStatus{.code = code, .signal = 0};
}

}  // namespace repro::launch
