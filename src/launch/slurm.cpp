#include "launch/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::launch {
namespace {

using run::RunDirectory;

// "train" of "train-qwen-web-full-s0-1f3c9a7e".
std::string kind_of(const RunDirectory& directory) {
  const std::string name = directory.path().filename().string();
  return name.substr(0, name.find('-'));
}

// A file name as sbatch reads it: with patterns.
std::string as_pattern(const std::filesystem::path& path) {
  std::string text;
  for (const char c : path.string()) text += c == '%' ? std::string("%%") : std::string(1, c);
  return text;
}

void check_partitions(const Site& site) {
  const std::vector<std::string> known = ask_partitions();
  for (const SiteProfile& profile : site.profiles)
    for (const std::string& name : split(profile.partition, ','))
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw Error("{}: the cluster has no partition '{}'{}; there are: {}", profile.source.text(),
                    name, did_you_mean(name, known), join(known, ", "));
}

}  // namespace

SlurmLauncher::SlurmLauncher(Site site, const std::filesystem::path& runs,
                             const std::filesystem::path& worker)
    : site_(std::move(site)),
      runs_(runs),
      worker_(worker),
      cluster_(ask_cluster()),
      submissions_(runs, cluster_.name) {
  check_partitions(site_);
}

std::vector<std::string> SlurmLauncher::options_of(const run::Resources& resources) const {
  const SiteProfile& asked = site_.of(resources);
  std::vector<std::string> options = {fmt::format("--partition={}", asked.partition), "--nodes=1",
                                      fmt::format("--ntasks={}", resources.ranks),
                                      fmt::format("--cpus-per-task={}", resources.threads)};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) options.push_back(fmt::format("--{}={}", option, value));
  };
  add("constraint", asked.constraint);
  add("account", asked.account);
  add("qos", asked.qos);
  if (asked.gpus > 0)
    add("gres", fmt::format("gpu:{}{}{}", asked.gpu_type, asked.gpu_type.empty() ? "" : ":",
                            asked.gpus * resources.ranks));
  if (asked.memory_gib > 0)
    add("mem", fmt::format("{:.0f}M", std::ceil(asked.memory_gib * 1024 *
                                                static_cast<double>(resources.ranks))));
  if (asked.minutes > 0) add("time", fmt::format("{}", asked.minutes));
  if (asked.exclusive) options.push_back("--exclusive");
  if (site_.checkpoint_seconds > 0)
    add("signal", fmt::format("B:USR1@{}", site_.checkpoint_seconds));
  return options;
}

void SlurmLauncher::start(const std::vector<Request>& requests) {
  std::vector<BatchJob> jobs;
  std::map<size_t, const Request*> by_number;
  for (const Request& request : requests) {
    BatchJob job{
        .job = request.job,
        .kind = kind_of(request.directory) + "\n" + join(options_of(request.resources), "\n")};
    for (const size_t input : request.after) {
      if (by_number.contains(input)) {
        job.after.push_back(input);
        continue;
      }
      const auto earlier = jobs_.find(input);
      check(earlier != jobs_.end(), "a job waits for one that is in the queue");
      job.after_earlier.push_back({-earlier->second.task.array, earlier->second.task.index});
    }
    jobs.push_back(std::move(job));
    by_number[request.job] = &request;
  }
  std::vector<int64_t> ids;  // of arrays, by batch
  for (const Batch& batch : make_batches(jobs, cluster_.most_tasks))
    ids.push_back(submit_batch(batch, ids, by_number));
}

std::string SlurmLauncher::dependency_of(const Batch& batch,
                                         const std::vector<int64_t>& ids) const {
  const auto id_of = [&](int64_t array) {
    return array < 0 ? -array : ids[static_cast<size_t>(array)];
  };
  std::string text;
  for (const int64_t array : batch.corresponding)
    text += fmt::format("{}{}", text.empty() ? "aftercorr:" : ":", id_of(array));
  for (const BatchPlace& place : batch.after)
    text +=
        fmt::format("{}{}_{}", text.empty() ? "afterok:" : ":", id_of(place.array), place.index);
  return text;
}

int64_t SlurmLauncher::submit_batch(const Batch& batch, const std::vector<int64_t>& ids,
                                    const std::map<size_t, const Request*>& requests) {
  const Request& first = *requests.at(batch.tasks.front().job);
  std::map<int64_t, std::filesystem::path> directories;
  std::vector<int64_t> indices;
  for (const Batch::Task& task : batch.tasks) {
    directories[task.index] = std::filesystem::absolute(requests.at(task.job)->directory.path());
    indices.push_back(task.index);
  }
  const std::string name = submissions_.add(kind_of(first.directory), directories);
  SlurmSubmission submission{.options = options_of(first.resources),
                             .script = submissions_.script(),
                             .arguments = {name, submissions_.list(name).string(), worker_.string(),
                                           fmt::format("{}", site_.continuations)}};
  auto& options = submission.options;
  options.insert(options.end(), {"--array=" + index_text(indices), "--job-name=" + name,
                                 "--output=" + as_pattern(submissions_.log(name)),
                                 "--open-mode=append", "--requeue", "--kill-on-invalid-dep=yes",
                                 "--export=ALL", "--chdir=" + runs_.string()});
  const std::string dependency = dependency_of(batch, ids);
  if (!dependency.empty()) options.push_back("--dependency=" + dependency);
  const int64_t id = submit_or_say(submission, site_.of(first.resources));
  const auto now = static_cast<int64_t>(std::time(nullptr));
  for (const Batch::Task& task : batch.tasks) {
    const Request& request = *requests.at(task.job);
    const SlurmTask place{id, task.index};
    write_mark(request.directory, {cluster_.name, place.text(), now});
    jobs_.insert_or_assign(task.job, Job{.directory = request.directory,
                                         .resources = request.resources,
                                         .task = place,
                                         .name = name,
                                         .submitted = now});
  }
  return id;
}

int64_t SlurmLauncher::submit_or_say(const SlurmSubmission& submission,
                                     const SiteProfile& asked) const {
  try {
    return submit(submission);
  } catch (const Error& error) {
    throw Error(error.exit(), "{}: profile '{}': {}; {} jobs are in the queue and stay there",
                asked.source.text(), asked.name, error.what(), jobs_.size());
  }
}

std::vector<size_t> SlurmLauncher::adopt(const std::vector<Request>& requests) {
  const SlurmQueue queue = ask_queue();
  const auto submitted = find_submitted(runs_, cluster_.name, queue);
  std::vector<size_t> found;
  for (const Request& request : requests) {
    const auto at = submitted.find(request.directory.path().filename().string());
    if (at == submitted.end()) continue;
    const auto mark = read_mark(request.directory);
    const SlurmTask& task = at->second.task;
    jobs_.insert_or_assign(request.job,
                           Job{.directory = request.directory,
                               .resources = request.resources,
                               .task = task,
                               .name = at->second.entry.name,
                               .submitted = mark && mark->task == task.text() ? mark->time : 0});
    found.push_back(request.job);
  }
  submissions_.prune(queue);
  return found;
}

void SlurmLauncher::terminate(const std::vector<size_t>& jobs, Stop how) {
  std::vector<SlurmTask> tasks;
  for (const size_t number : jobs)
    if (const auto at = jobs_.find(number); at != jobs_.end()) tasks.push_back(at->second.task);
  stopping_.insert(jobs.begin(), jobs.end());
  const std::vector<std::string> words = words_of(std::move(tasks));
  forced_ = how == Stop::force;
  if (forced_) return cancel({}, words);
  cancel({"--state=PENDING"}, words);
  // The script passes it on; Slurm's own way to cancel would kill the worker seconds later.
  cancel({"--state=RUNNING", "--batch", "--signal=TERM"}, words);
}

}  // namespace repro::launch
