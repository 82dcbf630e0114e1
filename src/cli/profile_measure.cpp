#include "cli/profile_measure.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/execution.hpp"
#include "cli/printing.hpp"
#include "cli/profile_view.hpp"
#include "config/library.hpp"
#include "config/probe.hpp"
#include "config/profile.hpp"
#include "launch/local.hpp"
#include "measure/step_fit.hpp"
#include "report/table.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

config::ProbeEntry entry_of(const plan::Experiment& experiment, const std::string& scale,
                            const std::string& model, const std::string& shape) {
  config::ProbeEntry probe;
  probe.model = model;
  probe.shape = shape;
  probe.size = scale;
  probe.config = experiment.model_entries.at(model).model;
  if (shape == "one-expert") probe.config = config::one_expert(probe.config);
  probe.batch = experiment.match.batch;
  probe.sequence = experiment.match.sequence;
  probe.accumulate = experiment.match.accumulate;
  probe.precision = experiment.match.precision;
  return probe;
}

// One device is the whole machine: all its cores work on one step, as a GPU's do.
int64_t threads_of(const MeasureOptions& options) {
  if (options.threads > 0) return options.threads;
  return options.device == "cpu" ? static_cast<int64_t>(launch::available_cores().size()) : 1;
}

run::Job probe_job(const plan::Experiment& experiment, const MeasureOptions& options) {
  config::ProbeSpec spec;
  spec.device = options.device;
  spec.threads = threads_of(options);
  spec.entry_seconds = options.entry_seconds;
  for (const std::string& model : experiment.models)
    for (const char* shape : {"full", "one-expert"})
      spec.entries.push_back(entry_of(experiment, options.choice.scale, model, shape));
  run::Job job;
  job.kind = "probe";
  job.name = "probe-" + options.name;
  job.spec = config::to_json(spec);
  job.resources.threads = spec.threads;
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

report::Table gemm_table(const config::Measurement& measured) {
  report::Table table{.title = "Matrix multiplications",
                      .columns = {{.heading = "type", .align = report::Align::left},
                                  {.heading = "rows"},
                                  {.heading = "columns"},
                                  {.heading = "inner"},
                                  {.heading = "GFLOP/s"},
                                  {.heading = "95 %"},
                                  {.heading = "spread %"}}};
  bool any_slice = false;
  for (const config::MeasuredGemm& gemm : measured.gemms) {
    const bool slice = gemm.n < gemm.whole_n;
    any_slice = any_slice || slice;
    table.add({gemm.dtype, with_commas(gemm.m),
               slice ? fmt::format("{} of {}", with_commas(gemm.n), with_commas(gemm.whole_n))
                     : with_commas(gemm.n),
               with_commas(gemm.k),
               report::TableCell(fmt::format("{:.1f}", gemm.flops / 1e9), gemm.flops),
               gemm.reach()
                   ? fmt::format("{:.1f} to {:.1f}", gemm.flops_low / 1e9, gemm.flops_high / 1e9)
                   : "unknown",
               fmt::format("{:.0f}", 100 * gemm.relative_spread)});
  }
  if (any_slice)
    table.notes.push_back(
        "\"256 of 151,936\": the whole shape would take too long here; a slice of it was timed");
  return table;
}

// Achieved against the best multiplication of the type it computes in.
report::Table step_table(const config::Profile& profile) {
  report::Table table{.title = "Optimizer steps of whole models and of one-expert ones",
                      .columns = {{.heading = "model", .align = report::Align::left},
                                  {.heading = "phase", .align = report::Align::left},
                                  {.heading = "size", .align = report::Align::left},
                                  {.heading = "tokens"},
                                  {.heading = "seconds"},
                                  {.heading = "95 %"},
                                  {.heading = "repeats"},
                                  {.heading = "spread %"},
                                  {.heading = "GFLOP/s"},
                                  {.heading = "% of GEMM peak"}}};
  std::string last;
  for (const config::MeasuredStep& step : profile.measured.steps) {
    const auto peak = profile.measured_peak(step.precision == "fp32" ? "fp32" : "bf16");
    const double rate = step.flops() / step.seconds;
    const std::string group = step.model + step.shape;
    table.add(
        {step.model, step.shape, step.size, with_commas(step.batch * step.sequence),
         report::TableCell(fmt::format("{:.3f}", step.seconds), step.seconds),
         step.reach() ? fmt::format("{:.3f} to {:.3f}", step.seconds_low, step.seconds_high)
                      : "unknown",
         std::to_string(step.repeats), fmt::format("{:.0f}", 100 * step.relative_spread),
         fmt::format("{:.1f}", rate / 1e9), peak ? fmt::format("{:.0f}", 100 * rate / *peak) : "-"},
        group != last && !last.empty());
    last = group;
  }
  return table;
}

// What the smaller sizes say of the real one, and how well they say it.
void print_fits(const config::Profile& profile) {
  for (const config::MeasuredStep& step : profile.measured.steps) {
    if (&step != profile.step(step.model, step.shape)) continue;
    const auto series = profile.series(step.model, step.shape);
    if (series.size() < 2) continue;
    say("{} {}: a larger model's step is extrapolated {}\n", step.model, step.shape,
        measure::describe(measure::fit_steps(series)));
  }
}

void print_measurement(const Context& context, const config::Profile& profile) {
  if (context.json) return print(profiles_json({profile}).at(0));
  const config::Measurement& measured = profile.measured;
  print(gemm_table(measured));
  say("\n");
  print(step_table(profile));
  say("\n");
  for (const char* dtype : {"bf16", "fp32"})
    if (const auto peak = profile.measured_peak(dtype))
      say("{} GEMM peak {:.1f} GFLOP/s\n", dtype, *peak / 1e9);
  say("memory bandwidth {}/s\n", human_bytes(measured.bandwidth));
  say("meanwhile other programs took {:.1f} cores, a hypervisor {:.0f} % of the time, and the "
      "pace wandered by {:.0f} %\n",
      measured.others, 100 * measured.stolen, 100 * measured.drift);
  if (const auto widest = measured.widest())
    say("the widest 95 % interval, of {}, reaches {:.0f} % from its number\n", widest->what,
        100 * widest->reach);
  print_fits(profile);
}

}  // namespace

namespace {

// Where a profile of this name is found, or else in the user's own library.
fs::path file_of(const Context& context, const std::string& name) {
  if (const auto found = config::look_up(context.root(), "hardware_profiles", name);
      found && !context.root_option)
    return found->path;
  return context.own_library() / "hardware_profiles" / (name + ".toml");
}

// Minutes of measuring must not end in a profile that cannot be written.
void check_can_be_written(const fs::path& file) {
  const fs::path folder = file.parent_path();
  make_directories(folder);
  if (::access(folder.c_str(), W_OK) != 0)
    throw Error(
        "{}: cannot be written: {}; name another folder with --root, or leave it out: then "
        "the profile goes into your own library",
        file.string(), std::strerror(errno));
}

}  // namespace

Exit measure_profile(const Context& context, const MeasureOptions& options) {
  const fs::path file = file_of(context, options.name);
  check_can_be_written(file);
  run::JobGraph graph;
  ExperimentChoice choice = options.choice;
  if (choice.name.empty()) choice.name = config::default_of(context.root(), "measure");
  graph.add(probe_job(load_plan(context, choice).experiment, options));
  run::RunsLock lock(context.runs, "profile measure", options.wait);
  const run::RunDirectory directory(context.runs / graph[0].directory);
  fs::remove_all(directory.path());  // a measurement is of now
  const Exit exit =
      execute_missing(context, lock, graph, {.jobs = static_cast<int>(threads_of(options))});
  if (exit != Exit::ok) return exit;

  const config::Profile profile = profile_from(run::Verifier(context.runs).result(directory),
                                               options, directory.result_file().string());
  print_measurement(context, profile);
  const std::string& reason = profile.measured.reason;
  if (keeps_certified(file, profile))
    throw Error(Exit::inconclusive,
                "{}: a certified measurement, so it is kept: the new one is not certified: {}; "
                "measure again when less else runs, or write it beside with --name",
                file.string(), reason);
  write_file_atomically(file, config::to_toml(profile));
  if (!context.json) say("wrote {}\n", file.string());
  if (profile.measured.certified) return Exit::ok;
  const std::string verdict =
      fmt::format("{}: written, but not certified: {}", file.string(), reason);
  if (!options.uncertified)
    throw Error(
        Exit::inconclusive,
        "{}; measure again when less else runs or with more --phase-seconds, or accept it as it "
        "is with --uncertified",
        verdict);
  warn("repro: warning: {}\n", verdict);
  return Exit::ok;
}

}  // namespace repro::cli
