#include "config/profile.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/library.hpp"
#include "config/toml_writer.hpp"

namespace repro::config {

void describe(Fields& fields, Peak& peak) {
  fields.field("dtype", peak.dtype, one_of({"bf16", "fp16", "fp8", "tf32", "fp32"}) + required());
  fields.field("accumulate", peak.accumulate, one_of({"fp32", "fp16"}) + required());
  fields.field("flops", peak.flops, positive() + required());
  fields.field("source", peak.source, required());
}

void describe(Fields& fields, MeasuredGemm& gemm) {
  fields.field("dtype", gemm.dtype, required());
  fields.field("m", gemm.m, at_least(0));
  fields.field("n", gemm.n, at_least(0));
  fields.field("k", gemm.k, at_least(0));
  fields.field("whole_n", gemm.whole_n, at_least(0));
  fields.field("flops", gemm.flops, positive() + required());
  fields.field("relative_spread", gemm.relative_spread, at_least(0));
  fields.field("flops_low", gemm.flops_low, at_least(0));
  fields.field("flops_high", gemm.flops_high, at_least(0));
}

namespace {

// Profiles written before `shape` say by a phase of training what was trained. Never written.
void read_old_shape(Fields& fields, MeasuredStep& step) {
  std::string phase;
  fields.field("phase", phase, one_of({"", "full", "submodel", "finetune"}));
  if (phase == "submodel") step.shape = "one-expert";
}

}  // namespace

void describe(Fields& fields, MeasuredStep& step) {
  fields.field("model", step.model, required());
  fields.field("shape", step.shape, one_of({"full", "one-expert"}));
  read_old_shape(fields, step);
  fields.field("size", step.size, required());
  fields.field("precision", step.precision, required());
  fields.field("batch", step.batch, at_least(1) + required());
  fields.field("sequence", step.sequence, at_least(1) + required());
  fields.field("layers", step.layers, at_least(0));
  fields.field("width", step.width, at_least(0));
  fields.field("flops_per_token", step.flops_per_token, at_least(0));
  fields.field("seconds", step.seconds, positive() + required());
  fields.field("relative_spread", step.relative_spread, at_least(0));
  fields.field("repeats", step.repeats, at_least(0));
  fields.field("seconds_low", step.seconds_low, at_least(0));
  fields.field("seconds_high", step.seconds_high, at_least(0));
}

void describe(Fields& fields, Measurement& measured) {
  fields.field("date", measured.date, required());
  fields.field("host", measured.host);
  fields.field("processor", measured.processor);
  fields.field("threads", measured.threads, at_least(0));
  fields.field("load_before", measured.load_before, at_least(0));
  fields.field("drift", measured.drift, at_least(0));
  fields.field("others", measured.others, at_least(0));
  fields.field("stolen", measured.stolen, at_least(0));
  fields.field("certified", measured.certified);
  fields.field("reason", measured.reason);
  fields.field("bandwidth", measured.bandwidth, at_least(0));
  fields.list("gemms", measured.gemms);
  fields.list("steps", measured.steps);
}

namespace {

void describe_device(Fields& fields, Profile& profile) {
  fields.field("name", profile.name, required());
  fields.field("title", profile.title);
  fields.field("kind", profile.kind, one_of({"gpu", "cpu", "tpu", "npu"}));
  fields.field("chip", profile.chip);
  fields.field("memory_bytes", profile.memory_bytes, at_least(0));
  fields.field("memory_source", profile.memory_source);
  fields.field("bandwidth", profile.bandwidth, at_least(0));
  fields.field("link", profile.link, at_least(0));
  fields.field("link_source", profile.link_source);
  fields.list("peaks", profile.peaks);
}

}  // namespace

void describe(Fields& fields, Profile& profile) {
  describe_device(fields, profile);
  fields.table("measured", profile.measured);
}

namespace {

std::optional<double> reach_of(double low, double number, double high) {
  if (high <= 0) return std::nullopt;
  return std::max(high - number, number - low) / number;
}

}  // namespace

std::optional<double> MeasuredGemm::reach() const {
  if (flops_low <= 0) return std::nullopt;
  return reach_of(1 / flops_high, 1 / flops, 1 / flops_low);
}

std::optional<double> MeasuredStep::reach() const {
  return reach_of(seconds_low, seconds, seconds_high);
}

std::optional<Measurement::Widest> Measurement::widest() const {
  std::optional<Widest> worst;
  const auto add = [&](std::optional<double> known, const std::string& what) {
    const double reach = known.value_or(std::numeric_limits<double>::infinity());
    if (!worst || reach > worst->reach) worst = Widest{what, reach};
  };
  for (const MeasuredStep& step : steps)
    add(step.reach(), fmt::format("{} {}, {}", step.model, step.shape, step.size));
  std::map<std::string, const MeasuredGemm*> best;
  for (const MeasuredGemm& gemm : gemms)
    if (const MeasuredGemm*& one = best[gemm.dtype]; one == nullptr || gemm.flops > one->flops)
      one = &gemm;
  for (const auto& [dtype, gemm] : best) add(gemm->reach(), "the " + dtype + " GEMM peak");
  return worst;
}

double MeasuredStep::flops() const {
  return flops_per_token * static_cast<double>(batch * sequence);
}

std::optional<double> Profile::peak(const std::string& dtype) const {
  for (const Peak& peak : peaks)
    if (peak.dtype == dtype && peak.accumulate == "fp32") return peak.flops;
  return std::nullopt;
}

const MeasuredGemm* Profile::best_gemm(const std::string& dtype) const {
  const MeasuredGemm* best = nullptr;
  for (const MeasuredGemm& gemm : measured.gemms)
    if (gemm.dtype == dtype && (best == nullptr || gemm.flops > best->flops)) best = &gemm;
  return best;
}

std::optional<double> Profile::measured_peak(const std::string& dtype) const {
  const MeasuredGemm* best = best_gemm(dtype);
  return best != nullptr ? std::optional(best->flops) : std::nullopt;
}

std::string Profile::missing_peak(const std::string& dtype) const {
  return fmt::format("profile '{}' has no {} peak with fp32 accumulation", name, dtype);
}

const MeasuredStep* Profile::step(const std::string& model, const std::string& shape) const {
  const MeasuredStep* largest = nullptr;
  for (const MeasuredStep& step : measured.steps)
    if (step.model == model && step.shape == shape && (!largest || step.flops() > largest->flops()))
      largest = &step;
  return largest;
}

std::vector<MeasuredStep> Profile::series(const std::string& model,
                                          const std::string& shape) const {
  std::vector<MeasuredStep> sizes;
  for (const MeasuredStep& step : measured.steps)
    if (step.model == model && step.shape == shape) sizes.push_back(step);
  return sizes;
}

std::optional<std::string> Profile::doubt() const {
  if (!has_measurement || measured.certified) return std::nullopt;
  return fmt::format("profile '{}' is not certified: {}", name,
                     measured.reason.empty() ? "it does not say why" : measured.reason);
}

Profile load_profile(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = read_toml(path, shown_as);
  Profile profile = from_node<Profile>(root, problems);
  profile.has_measurement = root.find("measured") != nullptr;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Peak& peak : profile.peaks)
    if (!seen.insert({peak.dtype, peak.accumulate}).second)
      problems.add(root.source, "two peaks for {} with {} accumulation", peak.dtype,
                   peak.accumulate);
  problems.throw_if_any();
  return profile;
}

std::vector<std::string> profile_names(const std::filesystem::path& root) {
  return library_names(root, "hardware_profiles");
}

Profile find_profile(const std::filesystem::path& root, const std::string& name) {
  const LibraryFile file = find_file(root, "hardware_profiles", name, "hardware profile");
  return load_profile(file.path, file.shown_as);
}

std::string to_toml(const Profile& profile) {
  Profile copy = profile;
  return write_toml(
      [&](Fields& fields) {
        describe_device(fields, copy);
        if (copy.has_measurement) fields.table("measured", copy.measured);
      },
      "");
}

}  // namespace repro::config
