#include "launch/slurm_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::launch {
namespace {

// A controller that does not answer is given up by Slurm's own programs within 20 s.
constexpr Limits kAsked{.seconds = 60, .bytes = size_t{1} << 28};
constexpr Limits kSaid{.seconds = 60, .bytes = size_t{1} << 16};
// Base id of the array, index, name, state, reason, nodes.
constexpr const char* kQueueFormat = "%F|%K|%j|%T|%r|%N";
constexpr size_t kQueueFields = 6;

std::optional<int64_t> number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// The value behind "KEY" and an equals sign that may have blanks around it, at the beginning of a
// line or behind a blank.
std::optional<std::string> value_of(std::string_view text, std::string_view key) {
  for (size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n') continue;
    std::string_view rest = text.substr(at + key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return std::string(rest.substr(0, rest.find_first_of(" \n")));
  }
  return std::nullopt;
}

// What sbatch says against a submission, on one line.
std::string refusal(const Completed& completed) {
  constexpr std::string_view kMark = "sbatch: error: ";
  constexpr size_t kLongest = 600;
  std::vector<std::string> lines;
  for (const std::string& line : split(completed.errors, '\n'))
    if (!trim(line).empty())
      lines.push_back(line.starts_with(kMark) ? line.substr(kMark.size()) : line);
  if (lines.empty()) lines.push_back(describe(completed.status));
  return "sbatch: " + printable_line(join(lines, " / ").substr(0, kLongest));
}

}  // namespace

std::string SlurmTask::text() const { return fmt::format("{}_{}", array, index); }

std::optional<SlurmTask> parse_task(std::string_view text) {
  const size_t bar = text.find('_');
  if (bar == text.npos) return std::nullopt;
  const auto array = number_of(text.substr(0, bar));
  const auto index = number_of(text.substr(bar + 1));
  if (!array || !index) return std::nullopt;
  return SlurmTask{*array, *index};
}

SlurmCluster ask_cluster() {
  const std::string said = run_command({.words = {"scontrol", "show", "config"}}, kAsked);
  SlurmCluster cluster;
  cluster.name = value_of(said, "ClusterName").value_or("");
  if (!is_plain_name(cluster.name))
    throw Error(Exit::run_failed, "scontrol show config: names no cluster: '{}'",
                printable_line(cluster.name));
  if (const auto most = number_of(value_of(said, "MaxArraySize").value_or("")))
    cluster.most_tasks = *most;
  if (cluster.most_tasks < 2)
    throw Error(Exit::run_failed,
                "cluster {} takes no job arrays (MaxArraySize = {}); its administrator can allow "
                "them",
                cluster.name, cluster.most_tasks);
  return cluster;
}

std::vector<std::string> ask_partitions() {
  std::vector<std::string> names;
  for (const std::string& line :
       split(run_command({.words = {"sinfo", "--noheader", "--format=%R"}}, kAsked), '\n'))
    if (!trim(line).empty()) names.emplace_back(trim(line));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

SlurmQueue ask_queue() {
  return parse_queue(run_command(
      {.words = {"squeue", "--noheader", "--array", "--states=all",
                 fmt::format("--user={}", ::geteuid()), fmt::format("--format={}", kQueueFormat)}},
      kAsked));
}

SlurmQueue parse_queue(std::string_view text) {
  SlurmQueue queue;
  for (const std::string& line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const std::vector<std::string> parts = split(line, '|');
    if (parts.size() != kQueueFields)
      throw Error(Exit::run_failed, "squeue: a line of another form than '{}': '{}'", kQueueFormat,
                  printable_line(line.substr(0, 200)));
    const auto array = number_of(trim(parts[0]));
    if (!array) continue;
    const SlurmTask task{*array, number_of(trim(parts[1])).value_or(kRestOfArray)};
    queue[task] = {.name = std::string(trim(parts[2])),
                   .state = std::string(trim(parts[3])),
                   .reason = printable_line(trim(parts[4])),
                   .nodes = printable_line(trim(parts[5]))};
  }
  return queue;
}

std::optional<ExitStatus> ask_exit(const SlurmTask& task) {
  const Completed said =
      run_to_end({.words = {"scontrol", "--oneliner", "show", "job", task.text()}}, kAsked);
  const std::string code = value_of(said.output, "ExitCode").value_or("");
  const size_t colon = code.find(':');
  if (!said.status.clean() || colon == std::string::npos) return std::nullopt;
  const auto exit = number_of(code.substr(0, colon));
  const auto signal = number_of(code.substr(colon + 1));
  if (!exit || !signal || *exit > 255 || *signal > 255) return std::nullopt;
  return ExitStatus{.code = static_cast<int>(*exit), .signal = static_cast<int>(*signal)};
}

int64_t submit(const SlurmSubmission& submission) {
  Command command{.words = {"sbatch", "--parsable"}};
  auto& words = command.words;
  words.insert(words.end(), submission.options.begin(), submission.options.end());
  words.push_back(submission.script.string());
  words.insert(words.end(), submission.arguments.begin(), submission.arguments.end());
  const Completed completed = run_to_end(command, kSaid);
  if (!completed.status.clean()) throw Error(Exit::run_failed, "{}", refusal(completed));
  const std::string& said = completed.output;
  // "12", or "12;cluster".
  const auto id = number_of(trim(said.substr(0, said.find_first_of(";\n"))));
  if (!id || *id == 0)
    throw Error(Exit::run_failed, "sbatch: named no job: '{}'", printable_line(trim(said)));
  return *id;
}

void cancel(const std::vector<std::string>& options, const std::vector<std::string>& words) {
  constexpr size_t kAtOnce = 500;  // a command line has a limit
  for (size_t from = 0; from < words.size(); from += kAtOnce) {
    Command command{.words = {"scancel", "--quiet"}};
    command.words.insert(command.words.end(), options.begin(), options.end());
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(from);
    command.words.insert(
        command.words.end(), begin,
        begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, words.size() - from)));
    try {
      run_to_end(command, kAsked);  // whose exit code tells of tasks that have ended too
    } catch (const Error&) {
    }
  }
}

void release(const SlurmTask& task) {
  try {
    run_to_end({.words = {"scontrol", "release", task.text()}}, kAsked);
  } catch (const Error&) {  // the next look at the queue shows whether it did
  }
}

std::string index_text(const std::vector<int64_t>& indices) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < indices.size();) {
    size_t end = at + 1;
    while (end < indices.size() && indices[end] == indices[end - 1] + 1) ++end;
    parts.push_back(end - at == 1 ? fmt::format("{}", indices[at])
                                  : fmt::format("{}-{}", indices[at], indices[end - 1]));
    at = end;
  }
  return join(parts, ",");
}

std::vector<std::string> words_of(std::vector<SlurmTask> tasks) {
  std::sort(tasks.begin(), tasks.end());
  std::map<int64_t, std::vector<int64_t>> indices;
  for (const SlurmTask& task : tasks) indices[task.array].push_back(task.index);
  std::vector<std::string> words;
  for (const auto& [array, list] : indices)
    words.push_back(fmt::format("{}_[{}]", array, index_text(list)));
  return words;
}

}  // namespace repro::launch
