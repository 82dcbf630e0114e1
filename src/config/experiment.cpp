#include "config/experiment.hpp"

#include <algorithm>

namespace repro::config {

void describe(Fields& fields, Match& match) {
  fields.field("batch", match.batch, at_least(1));
  fields.field("sequence", match.sequence, at_least(2));
  fields.field("accumulate", match.accumulate, at_least(1));
  fields.field("precision", match.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
  fields.field("device", match.device, one_of({"cpu", "cuda"}));
  fields.field("order_seed", match.order_seed, at_least(0));
  fields.field("tokenizer_megabytes", match.tokenizer_megabytes, at_least(1));
  fields.field("max_train_tokens", match.max_train_tokens, at_least(0));
}

void describe(Fields& fields, FullArm& arm) {
  std::string method = "full";
  fields.field("method", method, one_of({"full"}) + required());
  fields.field("steps", arm.steps, at_least(0));
  fields.field("cell_steps", arm.cell_steps, at_least(1));
  fields.table("train", arm.train, required());
  fields.field("ladder", arm.ladder);
  fields.field("profile", arm.profile, required());
}

void describe(Fields& fields, SubmodelOptions& options) {
  fields.field("steps", options.steps, between(0, 100));
  fields.field("epochs", options.epochs, at_least(0));
  fields.field("cell_steps", options.cell_steps, at_least(1));
  fields.table("train", options.train, required());
  fields.field("profile", options.profile, required());
}

void describe(Fields& fields, FinetuneOptions& options) {
  fields.table("train", options.train, required());
  fields.field("horizons", options.horizons, positive());
  fields.field("profile", options.profile, required());
}

void describe(Fields& fields, DiscoArm& arm) {
  std::string method = "disco";
  fields.field("method", method, one_of({"disco"}) + required());
  fields.table("cluster", arm.cluster);
  fields.table("submodel", arm.submodel, required());
  fields.table("merge", arm.merge);
  fields.table("finetune", arm.finetune, required());
}

void describe(Fields& fields, Target& target) {
  fields.field("metric", target.metric, one_of({"train_loss"}));
  fields.field("window", target.window, at_least(1));
  fields.field("tolerance", target.tolerance, at_least(0));
}

namespace {

struct Arms {
  FullArm& full;
  DiscoArm& disco;
};

void describe(Fields& fields, Arms& arms) {
  fields.table("full", arms.full, required());
  fields.table("disco", arms.disco, required());
}

}  // namespace

void describe(Fields& fields, Experiment& experiment) {
  fields.field("title", experiment.title, required());
  fields.field("claims", experiment.claims, required());
  fields.field("view", experiment.view, one_of({"table1", "table3", "table6"}) + required());
  fields.field("models", experiment.models, required());
  fields.field("corpora", experiment.corpora, required());
  fields.field("seeds", experiment.seeds, at_least(0));
  fields.field("checkpoint_every", experiment.checkpoint_every, at_least(1));
  fields.table("match", experiment.match, required());
  Arms arms{experiment.full, experiment.disco};
  fields.table("arm", arms, required());
  fields.table("target", experiment.target);
  fields.table("evaluate", experiment.evaluate);
}

void describe(Fields& fields, Experiment::ScaleInfo& scale) {
  fields.field("title", scale.title, required());
  fields.field("stand_in", scale.stand_in, required());
  fields.field("model_size", scale.model_size, required());
  fields.field("lr_width_exponent", scale.lr_width_exponent, between(0, 2));
  fields.field("corpora", scale.corpora, required());
}

}  // namespace repro::config
