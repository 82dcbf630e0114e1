#include "plan/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace repro::plan {

using config::at_least;
using config::Fields;
using config::one_of;
using config::required;

void describe(Fields& fields, Match& match) {
  fields.field("batch", match.batch, config::between(1, 1e6));
  fields.field("sequence", match.sequence, config::between(2, 1e7));
  fields.field("accumulate", match.accumulate, config::between(1, 1e6));
  fields.field("precision", match.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
  fields.field("device", match.device, one_of({"cpu", "cuda"}));
  fields.field("threads", match.threads, config::between(1, 1024));
  fields.field("order_seed", match.order_seed, at_least(0));
  fields.field("tokenizer_megabytes", match.tokenizer_megabytes, config::between(1, 1e6));
  fields.field("max_train_tokens", match.max_train_tokens, at_least(0));
}

void describe(Fields& fields, Target& target) {
  fields.field("metric", target.metric, one_of({"train_loss", "unseen_loss"}));
  fields.field("window", target.window, at_least(1));
  fields.field("tolerance", target.tolerance, at_least(0));
}

void describe(Fields& fields, Budget& budget) {
  fields.field("equal", budget.equal, one_of({"tokens", "steps", "flops", "hours", "dollars"}));
}

void describe(Fields& fields, Evaluate& evaluate) {
  fields.field("windows", evaluate.windows, at_least(1));
  fields.field("every", evaluate.every, config::between(0, 1e9));
  fields.field("watch_windows", evaluate.watch_windows, at_least(1));
  fields.field("ppl_split", evaluate.ppl_split, one_of({"valid", "test"}));
  fields.field("ppl_window", evaluate.ppl_window, at_least(0));
  fields.field("ppl_stride", evaluate.ppl_stride, at_least(0));
  fields.field("tasks", evaluate.tasks, config::word());
  fields.field("cuts", evaluate.cuts, one_of({"loss", "steps", "dollars"}));
  fields.field("limit", evaluate.limit, at_least(0));
  fields.field("item_tokens", evaluate.item_tokens, config::between(0, 1e6));
}

void describe(Fields& fields, Check& check) {
  fields.field("rates", check.rates, config::positive());
  fields.field("corpora", check.corpora);
  fields.field("rate_margin", check.rate_margin, at_least(0));
  fields.field("seed_margin", check.seed_margin, at_least(0));
  fields.field("plateau_margin", check.plateau_margin, config::between(0, 1));
}

std::string text(const Speed& speed) {
  switch (speed.rule) {
    case Speed::Rule::peaks:
      return "peaks";
    case Speed::Rule::paper:
      return "paper";
    case Speed::Rule::measured:
      return "measured";
    case Speed::Rule::given:
      return fmt::format("{}", speed.ratio);
    case Speed::Rule::equal:
      return "equal";
  }
  return "";
}

// The arms are read apart, each by its method; `speed` too, which is a word or a number.
void describe(Fields& fields, Experiment& experiment) {
  std::string protocol = experiment.protocol == Protocol::target ? "target" : "budget";
  fields.field("title", experiment.title, required());
  fields.field("claims", experiment.claims, required());
  fields.field("view", experiment.view, required());
  fields.field("models", experiment.models, required() + config::word());
  fields.field("corpora", experiment.corpora, required() + config::word());
  fields.field("seeds", experiment.seeds, at_least(0));
  fields.field("steps", experiment.steps, config::between(0, 1e9));
  fields.field("cell_steps", experiment.cell_steps, config::between(1, 1e9));
  fields.field("checkpoint_every", experiment.checkpoint_every, config::between(1, 1e9));
  fields.field("rank_timeout_seconds", experiment.rank_timeout_seconds, config::between(1, 1e6));
  fields.field("baseline", experiment.baseline);
  fields.field("protocol", protocol, one_of({"target", "budget"}));
  fields.table("match", experiment.match, required());
  fields.table("target", experiment.target);
  fields.table("budget", experiment.budget);
  fields.table("evaluate", experiment.evaluate);
  fields.table("check", experiment.check);
  experiment.protocol = protocol == "budget" ? Protocol::budget : Protocol::target;
}

void describe(Fields& fields, Experiment::ScaleInfo& scale) {
  fields.field("title", scale.title, required());
  fields.field("stand_in", scale.stand_in, required());
  fields.field("judged", scale.judged);
  fields.field("model_size", scale.model_size, required() + config::word());
  fields.field("lr_width_exponent", scale.lr_width_exponent, config::between(0, 2));
  fields.field("lr_width_exponents", scale.lr_width_exponents, config::between(0, 2));
  fields.field("warmup", scale.warmup, config::between(0, 1));
  fields.field("corpora", scale.corpora, required());
}

size_t Experiment::baseline_index() const {
  for (size_t i = 0; i < arms.size(); ++i)
    if (head_of(arms[i]).name == baseline) return i;
  return 0;
}

int64_t Experiment::baseline_steps(const std::string& cell) const {
  if (steps > 0) return steps;
  const auto at = cell_steps.find(cell);
  return at == cell_steps.end() ? 0 : at->second;
}

bool Experiment::checks(const std::string& corpus) const {
  return !check.rates.empty() &&
         (check.corpora.empty() ||
          std::find(check.corpora.begin(), check.corpora.end(), corpus) != check.corpora.end());
}

std::vector<std::string> Experiment::profiles() const {
  std::vector<std::string> names;
  for (const Arm& arm : arms)
    for (const std::string& profile : profiles_of(arm))
      if (!profile.empty() && std::find(names.begin(), names.end(), profile) == names.end())
        names.push_back(profile);
  return names;
}

std::string Experiment::baseline_profile() const {
  return arms.empty() ? "" : profiles_of(arms[baseline_index()]).back();
}

std::vector<std::string> Experiment::other_profiles() const {
  std::vector<std::string> names = profiles();
  std::erase(names, baseline_profile());
  return names;
}

}  // namespace repro::plan
