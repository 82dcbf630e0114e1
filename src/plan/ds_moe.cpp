// DS-MoE, "Dense Training, Sparse Inference of Mixture-of-Experts Language Models" (arXiv
// 2404.05567): one training in which every expert works on every token (eq. 1-3) and the routers
// are pulled towards few experts a token and all experts a batch (eq. 4-6); its model is then read
// with fewer of them (section 3.2).
#include <fmt/format.h>

#include <set>

#include "plan/methods.hpp"

namespace repro::plan {
namespace {

using config::ModelConfig;

const char* const kTopK = "top-k";
const char* const kThreshold = "threshold";
const char* const kThresholdTopK = "threshold-top-k";

ModelConfig trained_model(ModelConfig model, const DsMoeArm& arm) {
  model.top_k = model.experts;
  model.router.score = config::Score::softmax;
  model.router.select = config::Select::all;
  model.router.normalise = false;
  model.router.noise = false;
  model.losses = {{config::LossKind::mutual_information, arm.alpha}};
  if (arm.attention_experts == 0) return model;
  model.attention_router.experts = arm.attention_experts;
  model.losses.push_back({config::LossKind::attention_mutual_information, arm.attention_alpha});
  return model;
}

// The trained model with its experts selected; nothing else differs, so the weights fit.
ModelConfig read_model(ModelConfig model, const DsMoeArm::Reading& reading) {
  model.attention_router.threshold = reading.attention_threshold;
  if (reading.select == kTopK) {
    model.router.select = config::Select::top_k;
    model.top_k = fraction_of(model.experts, reading.share);
    return model;
  }
  model.router.select =
      reading.select == kThreshold ? config::Select::threshold : config::Select::threshold_top_k;
  model.router.threshold = reading.threshold;
  return model;
}

void check_reading(const DsMoeArm& arm, const DsMoeArm::Reading& reading,
                   config::Problems& problems) {
  const bool by_share = reading.select == kTopK;
  if (by_share != (reading.share > 0) || by_share == (reading.threshold > 0))
    problems.add(arm.head.source,
                 "arm '{}': reading '{}' selects by \"{}\": give it {} above 0, and no {}",
                 arm.head.name, reading.name, reading.select, by_share ? "share" : "threshold",
                 by_share ? "threshold" : "share");
  if (reading.attention_threshold > 0 && arm.attention_experts == 0)
    problems.add(arm.head.source,
                 "arm '{}': reading '{}' has an attention_threshold, but no heads are routed; set "
                 "attention_experts, or leave it out",
                 arm.head.name, reading.name);
}

}  // namespace

void describe(config::Fields& fields, DsMoeArm::Reading& reading) {
  fields.field("name", reading.name, config::required() + config::word());
  fields.field("title", reading.title);
  fields.field("select", reading.select,
               config::one_of({kTopK, kThreshold, kThresholdTopK}) + config::required());
  fields.field("share", reading.share, config::between(0, 1));
  fields.field("threshold", reading.threshold, config::at_least(0));
  fields.field("attention_threshold", reading.attention_threshold, config::at_least(0));
}

void describe(config::Fields& fields, DsMoeArm& arm) {
  describe_head(fields, arm.head, DsMoeArm::kMethod);
  fields.field("alpha", arm.alpha, config::positive());
  fields.field("attention_experts", arm.attention_experts, config::between(0, 1e4));
  fields.field("attention_alpha", arm.attention_alpha, config::positive());
  fields.table("train", arm.train, config::required());
  fields.field("horizons", arm.horizons, horizon_range());
  fields.field("profile", arm.profile, config::required());
  describe_parallel(fields, arm.parallel);
  fields.list("readings", arm.readings);
}

void validate(const DsMoeArm& arm, const Experiment& experiment, const config::Node& node,
              config::Problems& problems) {
  check_horizons(arm.horizons, node, "horizons", problems);
  check_parallel(arm.parallel, experiment, node, "", problems);
  if (arm.head.dense)
    problems.add(arm.head.source, "arm '{}': a dense model has no experts to read; remove dense",
                 arm.head.name);
  std::set<std::string> names = {"", "train"};  // as trained; the phase
  for (const DsMoeArm::Reading& reading : arm.readings) {
    if (!names.insert(reading.name).second)
      problems.add(arm.head.source, "arm '{}': reading '{}': give it a name of its own",
                   arm.head.name, reading.name);
    check_reading(arm, reading, problems);
  }
}

// Of models that stand in no file: as it is trained, and under each reading.
void check_model(const DsMoeArm& arm, const Experiment&, const std::string&,
                 const ModelConfig& model, config::Problems& problems) {
  const ModelConfig trained = trained_model(model, arm);
  config::validate(trained, arm.head.source, problems);
  for (const DsMoeArm::Reading& reading : arm.readings)
    config::validate(read_model(trained, reading), arm.head.source, problems);
}

std::vector<std::string> profiles(const DsMoeArm& arm) { return {arm.profile}; }

ArmPlan plan_arm(ArmBuilder& builder, const DsMoeArm& arm) {
  ArmPlan plan;
  plan.readings = {{"", "all experts, as trained"}};
  for (const DsMoeArm::Reading& reading : arm.readings)
    plan.readings.push_back({reading.name, reading.title.empty() ? reading.name : reading.title});

  const ModelConfig model = trained_model(builder.model(), arm);
  add_ladder(plan, training_phase(arm.head, arm.profile), builder.rates(), arm.horizons,
             [&](double horizon, double rate) {
               config::TrainSpec spec = builder.training(arm.train, rate);
               spec.model = model;
               // What is paid for is every expert on every token, whatever is read afterwards.
               spec.steps = fraction_of(builder.budgeted_steps(model), horizon);
               const std::string part = horizon_part(arm.head, horizon, spec.steps, rate);
               const size_t job = builder.add_training(part, spec, arm.profile, arm.parallel);
               config::EvalSpec eval = builder.evaluation();
               eval.model = model;
               Ending ending{spec.steps, job, {builder.add_eval(part, eval, arm.profile, job)}};
               if (rate == 1) builder.add_answers(ending, part, model, arm.profile);
               for (const DsMoeArm::Reading& reading : arm.readings) {
                 const std::string read = fmt::format("{}-{}", part, reading.name);
                 eval.model = read_model(model, reading);
                 ending.evals.push_back(builder.add_eval(read, eval, arm.profile, job));
                 if (rate == 1)
                   builder.add_answers(ending, read, eval.model, arm.profile,
                                       ending.evals.size() - 1);
               }
               return ending;
             });
  return plan;
}

}  // namespace repro::plan
