#include "cli/profile_measure.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/execution.hpp"
#include "cli/profile_view.hpp"
#include "config/probe.hpp"
#include "config/profile.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

config::ProbePhase phase_of(const config::Experiment& experiment, const std::string& model,
                            const std::string& phase) {
  config::ProbePhase probe;
  probe.model = model;
  probe.phase = phase;
  probe.config = experiment.model_entries.at(model).model;
  if (phase == "submodel") probe.config = config::submodel_of(probe.config);
  probe.batch = experiment.match.batch;
  probe.sequence = experiment.match.sequence;
  probe.accumulate = experiment.match.accumulate;
  probe.precision = experiment.match.precision;
  return probe;
}

run::Job probe_job(const config::Experiment& experiment, const MeasureOptions& options) {
  config::ProbeSpec spec;
  spec.device = options.device;
  spec.phase_seconds = options.phase_seconds;
  for (const std::string& model : experiment.models)
    for (const char* phase : {"full", "submodel", "finetune"})
      spec.phases.push_back(phase_of(experiment, model, phase));
  run::Job job;
  job.kind = "probe";
  job.name = "probe-" + options.name;
  job.spec = config::to_json(spec);
  return job;
}

config::Profile profile_from(const nlohmann::json& result, const MeasureOptions& options,
                             const std::string& where) {
  config::Profile profile;
  profile.name = options.name;
  profile.kind = options.device == "cpu" ? "cpu" : "gpu";
  profile.measured = config::from_json<config::Measurement>(result.at("measurement"), where);
  profile.has_measurement = true;
  profile.title = profile.measured.processor + ", measured";
  if (profile.kind == "cpu") {
    profile.memory_bytes = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGE_SIZE);
    profile.memory_source = "this machine";
  }
  return profile;
}

// A measurement that may be trusted is not lost to one that may not.
bool keeps_certified(const fs::path& file, const config::Profile& measured) {
  if (measured.measured.certified || !fs::exists(file)) return false;
  return config::load_profile(file, file.string()).measured.certified;
}

void print_measurement(const Context& context, const config::Profile& profile) {
  if (context.json) return print(profiles_json({profile}).at(0));
  const config::Measurement& measured = profile.measured;
  for (const char* dtype : {"fp32", "bf16"})
    if (const auto peak = profile.measured_peak(dtype))
      fmt::print("{} GEMM peak {:.1f} GFLOP/s\n", dtype, *peak / 1e9);
  fmt::print("memory bandwidth {}/s\n", human_bytes(measured.bandwidth));
  for (const config::MeasuredStep& step : measured.steps)
    fmt::print("{} {}: {:.3f} s a step at size '{}' ({} layers, width {}), spread {:.0f} %\n",
               step.model, step.phase, step.seconds, step.size, step.layers, step.width,
               100 * step.relative_spread);
}

}  // namespace

Exit measure_profile(const Context& context, const MeasureOptions& options) {
  const fs::path file = context.root() / "hardware_profiles" / (options.name + ".toml");
  run::JobGraph graph;
  graph.add(probe_job(load_plan(context, options.choice).experiment, options));
  RunsLock lock(context.runs, "profile measure", options.wait);
  const run::RunDirectory directory(context.runs / graph[0].directory);
  fs::remove_all(directory.path());  // a measurement is of now
  const Exit exit = execute_missing(context, lock, graph, 1);
  if (exit != Exit::ok) return exit;

  const config::Profile profile =
      profile_from(directory.result(), options, directory.result_file().string());
  print_measurement(context, profile);
  if (keeps_certified(file, profile))
    throw Error(Exit::inconclusive, "{}: kept; the new measurement is not certified: {}",
                file.string(), profile.measured.reason);
  write_file_atomically(file, config::to_toml(profile));
  if (!context.json) fmt::print("wrote {}\n", file.string());
  if (profile.measured.certified) return Exit::ok;
  throw Error(Exit::inconclusive, "{}: not certified: {}; measure again when the machine is idle",
              options.name, profile.measured.reason);
}

}  // namespace repro::cli
