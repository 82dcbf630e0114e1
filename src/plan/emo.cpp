// EMO, "Frustratingly Easy Progressive Training of Extendable MoE" (arXiv 2605.13247): a pool of
// experts that grows in stages at fixed top-k, under one learning-rate schedule and one order of
// the data. Steps of a small pool are cheaper; the later stages make up for what it could not
// learn.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "measure/parameters.hpp"
#include "measure/scaling_law.hpp"
#include "plan/part_training.hpp"

namespace repro::plan {
namespace {

using config::ModelConfig;
using config::OptimizerSpec;
using measure::StageRule;

constexpr std::pair<const char*, StageRule> kSplits[] = {{"quoted5", StageRule::quoted5},
                                                         {"power", StageRule::power},
                                                         {"joint-law", StageRule::joint_law},
                                                         {"custom", StageRule::custom}};

measure::StageBudget budget_of(const EmoArm& arm, const ModelConfig& model) {
  measure::StageBudget budget{
      .power = arm.power, .active_parameters = arm.active_parameters, .shares = arm.shares};
  for (const auto& [name, rule] : kSplits)
    if (arm.split == name) budget.rule = rule;
  if (budget.active_parameters == 0)
    budget.active_parameters = static_cast<double>(measure::count_parameters(model).active());
  return budget;
}

std::vector<int64_t> steps_of(const EmoArm& arm, const ModelConfig& model, int64_t total) {
  return measure::stage_steps(measure::stage_shares(budget_of(arm, model), arm.stages), total);
}

// The model of a stage: only the pool, and with grow_k the choice from it, is smaller.
ModelConfig stage_model(const EmoArm& arm, ModelConfig model, size_t stage) {
  const int64_t experts = arm.stages[stage];
  if (arm.grow_k)
    model.top_k = std::max<int64_t>(1, std::llround(static_cast<double>(model.top_k * experts) /
                                                    static_cast<double>(model.experts)));
  model.experts = experts;
  return model;
}

int64_t decay_steps(const OptimizerSpec& train, int64_t total) {
  return train.schedule == "wsd" ? std::llround(train.decay * static_cast<double>(total)) : 0;
}

// The part of the whole schedule that falls into a stage.
OptimizerSpec stage_optimizer(const EmoArm& arm, OptimizerSpec spec, size_t stage,
                              const std::vector<int64_t>& steps) {
  if (steps.size() == 1) return spec;
  const int64_t total = std::accumulate(steps.begin(), steps.end(), int64_t{0});
  const auto own = static_cast<double>(steps[stage]);
  if (stage == 0) {
    // As long as that of a run without stages, but over when the first growth comes.
    spec.warmup = std::min(std::ceil(spec.warmup * static_cast<double>(total) - 1e-9), own) / own;
  } else {
    const double most = std::floor(arm.rewarm_share * own);
    spec.warmup = std::min(static_cast<double>(arm.rewarm_steps), most) / own;
  }
  if (stage + 1 < steps.size()) {
    spec.schedule = "constant";
    spec.decay = OptimizerSpec().decay;
    spec.end_ratio = OptimizerSpec().end_ratio;
  } else {
    spec.decay = static_cast<double>(decay_steps(spec, total)) / own;
  }
  return spec;
}

// What is wrong with the stages themselves; "" = nothing.
std::string problem_of_stages(const EmoArm& arm) {
  if (arm.stages.empty()) return "stages is empty; give the experts of each, such as [2, 4, 8]";
  if (arm.stages.front() < 2)
    return fmt::format("a stage of {} expert(s) has no router to grow; begin with 2 or more",
                       arm.stages.front());
  for (size_t s = 1; s < arm.stages.size(); ++s)
    if (arm.stages[s] <= arm.stages[s - 1])
      return fmt::format("stages must grow: {} follows {}", arm.stages[s], arm.stages[s - 1]);
  if ((arm.split == "custom") == arm.shares.empty())
    return arm.shares.empty() ? "split = \"custom\" needs shares, one a stage"
                              : fmt::format(
                                    "shares belong to split = \"custom\", not \"{}\"; "
                                    "remove them or say custom",
                                    arm.split);
  return "";
}

// Of new experts nothing differs from those that they are copied from.
bool copies_exactly(const config::GrowOptions& grow) {
  return grow.experts == "copy" || (grow.experts == "copy-noise" && grow.noise == 0) ||
         (grow.experts == "drop-upcycle" && grow.drop == 0);
}

std::string problem_of_growth(const EmoArm& arm) {
  if (copies_exactly(arm.grow) && arm.grow.router == "copy")
    return "grow copies experts and their router rows: equal twins never part; set grow.experts = "
           "\"copy-noise\" with grow.noise above 0, or grow.router = \"gaussian\"";
  if (arm.stages.size() > 1 && arm.train.schedule == "cosine")
    return "train.schedule = \"cosine\" falls from the first step on, so that no stage trains at "
           "one "
           "rate; set \"wsd\" or \"constant\"";
  return "";
}

// What a cell's steps make of the stages.
std::string problem_of_steps(const EmoArm& arm, const ModelConfig& model, int64_t total,
                             int64_t window) {
  const std::vector<int64_t> steps = steps_of(arm, model, total);
  if (const int64_t decay = decay_steps(arm.train, total); decay > steps.back())
    return fmt::format(
        "the decay takes {} of {} steps, the last stage has {}; give it a larger share, or decay "
        "less",
        decay, total, steps.back());
  if (window > steps.back())
    return fmt::format("target.window = {} is more than the {} steps of the last stage", window,
                       steps.back());
  return "";
}

class StageChain {
 public:
  StageChain(ArmBuilder& builder, const EmoArm& arm, ArmPlan& plan, double rate)
      : builder_(builder), arm_(arm), plan_(plan), rate_(rate) {}

  // One run through all stages; the last one's job is an ending. `measured`: what the stages on the
  // way leave is measured too.
  Ending add(double horizon, bool measured) {
    const int64_t total = fraction_of(builder_.budgeted_steps(), horizon);
    const std::vector<int64_t> steps = steps_of(arm_, builder_.model(), total);
    const std::string part = horizon_part(arm_.head, horizon, total, rate_);
    std::map<std::string, size_t> inputs;
    int64_t first_step = 0;
    for (size_t s = 0;; ++s) {
      const size_t job = add_stage(part, s, steps, first_step, inputs);
      if (s + 1 == steps.size()) return ending(part, steps[s], job);
      keep(2 * s, job, s, measured, fmt::format("{}-e{}", part, arm_.stages[s]));
      const size_t grown = add_growth(part, s + 1, job);
      keep(2 * s + 1, grown, s + 1, measured, fmt::format("{}-grown{}", part, arm_.stages[s + 1]));
      inputs = {{"initial", grown}};
      first_step += steps[s];
    }
  }

 private:
  Ending ending(const std::string& part, int64_t steps, size_t job) {
    Ending last{steps, job, {builder_.add_eval(part, builder_.evaluation(), arm_.profile, job)}};
    if (rate_ == 1) builder_.add_answers(last, part, builder_.model(), arm_.profile);
    return last;
  }

  size_t add_stage(const std::string& part, size_t s, const std::vector<int64_t>& steps,
                   int64_t first_step, const std::map<std::string, size_t>& inputs) {
    config::TrainSpec spec = builder_.training(arm_.train, rate_);
    spec.model = stage_model(arm_, builder_.model(), s);
    spec.steps = steps[s];
    spec.first_step = first_step;
    spec.optimizer = stage_optimizer(arm_, spec.optimizer, s, steps);
    spec.keep_optimizer = s > 0 && arm_.grow.optimizer == "keep";
    const bool only = steps.size() == 1;
    return builder_.add_training(only ? part : fmt::format("{}-e{}", part, arm_.stages[s]), spec,
                                 arm_.profile, arm_.parallel, inputs);
  }

  size_t add_growth(const std::string& part, size_t s, size_t before) {
    return builder_.add_growth(fmt::format("{}-e{}", part, arm_.stages[s]), arm_.grow,
                               stage_model(arm_, builder_.model(), s), arm_.stages[s - 1],
                               arm_.profile, before);
  }

  // Among its phase's jobs; the model that it leaves is one of stage s.
  void keep(size_t phase, size_t job, size_t s, bool measured, const std::string& part) {
    PhasePlan& of = plan_.phases[phase];
    (rate_ == 1 ? of.jobs : of.tuned).push_back(job);
    if (!measured) return;
    config::EvalSpec eval = evaluation_on_the_way(builder_);
    eval.model = stage_model(arm_, builder_.model(), s);
    of.evals.push_back(builder_.add_eval(part, eval, arm_.profile, job));
  }

  ArmBuilder& builder_;
  const EmoArm& arm_;
  ArmPlan& plan_;
  double rate_;
};

PhasePlan stage_phase(const EmoArm& arm, size_t s) {
  return {.name = fmt::format("stage{}", s + 1),
          .title = fmt::format("{}-expert stage", arm.stages[s]),
          .symbol = fmt::format("{}", arm.stages[s]),
          .profile = arm.profile};
}

PhasePlan growth_phase(const EmoArm& arm, size_t s) {
  return {.name = fmt::format("grow{}", s + 1),
          .title = "growing",
          .symbol = "grow",
          .profile = arm.profile,
          .leaves = fmt::format("grown to {} experts", arm.stages[s]),
          .overhead = true};
}

}  // namespace

void describe(config::Fields& fields, EmoArm& arm) {
  std::vector<std::string> splits;
  for (const auto& [name, rule] : kSplits) splits.emplace_back(name);
  describe_head(fields, arm.head, EmoArm::kMethod);
  fields.field("stages", arm.stages, config::between(1, 1e5));
  fields.field("split", arm.split, config::one_of(splits));
  fields.field("power", arm.power, config::positive());
  fields.field("active_parameters", arm.active_parameters, config::at_least(0));
  fields.field("shares", arm.shares, config::positive());
  fields.field("grow_k", arm.grow_k);
  fields.table("grow", arm.grow);
  fields.field("rewarm_steps", arm.rewarm_steps, config::between(0, 1e9));
  fields.field("rewarm_share", arm.rewarm_share, config::between(0, 1));
  fields.table("train", arm.train, config::required());
  fields.field("horizons", arm.horizons, horizon_range());
  fields.field("profile", arm.profile, config::required());
  describe_parallel(fields, arm.parallel);
}

void validate(const EmoArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_horizons(arm.horizons, node, "horizons", problems);
  check_parallel(arm.parallel, experiment, node, "", problems);
  const config::Node* stages = node.find("stages");
  const config::Source source = stages != nullptr ? stages->source : node.source;
  if (const std::string problem = problem_of_stages(arm); !problem.empty())
    problems.add(source, "arm '{}': {}", arm.head.name, problem);
  if (const std::string problem = problem_of_growth(arm); !problem.empty())
    problems.add(arm.head.source, "arm '{}': {}", arm.head.name, problem);
  if (arm.head.dense)
    problems.add(arm.head.source, "arm '{}': a dense model has no pool to grow; remove dense",
                 arm.head.name);
}

void check_model(const EmoArm& arm, const Experiment& experiment, const std::string& key,
                 const ModelConfig& model, config::Problems& problems) {
  const auto add = [&](const std::string& text) {
    problems.add(arm.head.source, "arm '{}': {}", arm.head.name, text);
  };
  if (arm.stages.back() != model.experts)
    return add(fmt::format("the last stage has {} experts, {} has {}; they must be equal",
                           arm.stages.back(), key, model.experts));
  if (model.router.select != config::Select::top_k)
    return add(
        fmt::format("a pool grows at fixed top-k, but {} selects otherwise; set "
                    "model.router.select = \"top-k\"",
                    key));
  if (!arm.grow_k && arm.stages.front() < model.top_k)
    return add(
        fmt::format("top_k = {} is more than the {} experts of the first stage; begin with "
                    "as many",
                    model.top_k, arm.stages.front()));
  try {
    for (const std::string& corpus : experiment.corpora)
      for (const double horizon : arm.horizons) {
        const int64_t whole = experiment.baseline_steps(key + "/" + corpus);
        const std::string problem =
            problem_of_steps(arm, model, fraction_of(whole, horizon), experiment.target.window);
        if (!problem.empty()) return add(problem);
      }
  } catch (const Error& error) {
    add(error.what());
  }
}

std::vector<std::string> profiles(const EmoArm& arm) { return {arm.profile}; }

ArmPlan plan_arm(ArmBuilder& builder, const EmoArm& arm) {
  ArmPlan plan;
  plan.readings = {{"", "as trained"}};
  for (size_t s = 0; s + 1 < arm.stages.size(); ++s) {
    plan.phases.push_back(stage_phase(arm, s));
    plan.phases.push_back(growth_phase(arm, s + 1));
  }
  add_ladder(plan, stage_phase(arm, arm.stages.size() - 1), builder.rates(), arm.horizons,
             [&](double horizon, double rate) {
               const bool measured = rate == 1 && horizon == arm.horizons.back();
               return StageChain(builder, arm, plan, rate).add(horizon, measured);
             });
  return plan;
}

}  // namespace repro::plan
