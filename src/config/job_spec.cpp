#include "config/job_spec.hpp"

namespace repro::config {

void describe(Fields& fields, PrepareSpec& spec) {
  fields.table("corpus", spec.corpus);
  fields.field("vocabulary", spec.vocabulary, between(300, 1e8));
  fields.field("tokenizer_megabytes", spec.tokenizer_megabytes, between(1, 1e6));
  fields.field("max_train_tokens", spec.max_train_tokens, at_least(0));
}

void describe(Fields& fields, ClusterOptions& options) {
  fields.field("embedding", options.embedding, one_of({"wordllama", "model"}));
  fields.field("assignment", options.assignment, one_of({"kmeans", "random", "equal"}));
  fields.field("k", options.k, between(0, 1e5));
  fields.field("init", options.init, one_of({"k-means++", "random"}));
  fields.field("normalise", options.normalise);
  fields.field("balanced", options.balanced);
  fields.field("max_iterations", options.max_iterations, between(1, 1e6));
  fields.field("tolerance", options.tolerance, at_least(0));
  fields.field("restarts", options.restarts, between(1, 1e4));
  fields.field("minimum_share", options.minimum_share, between(0, 1));
}

void describe(Fields& fields, ClusterSpec& spec) {
  describe(fields, static_cast<ClusterOptions&>(spec));
  fields.field("seed", spec.seed, at_least(0));
  fields.table("model", spec.model);
}

void describe(Fields& fields, OptimizerSpec& spec) {
  fields.field("lr", spec.lr, positive());
  fields.field("schedule", spec.schedule, one_of({"constant", "cosine", "wsd"}));
  fields.field("warmup", spec.warmup, between(0, 1));
  fields.field("end_ratio", spec.end_ratio, between(0, 1));
  fields.field("decay", spec.decay, between(0, 1));
  fields.field("weight_decay", spec.weight_decay, at_least(0));
  fields.field("beta1", spec.beta1, between(0, 1));
  fields.field("beta2", spec.beta2, between(0, 1));
  fields.field("epsilon", spec.epsilon, positive());
  fields.field("clip", spec.clip, at_least(0));
}

void describe(Fields& fields, WatchSpec& spec) {
  fields.field("every", spec.every, between(0, 1e9));
  fields.field("windows", spec.windows, at_least(1));
}

std::vector<std::string> rehearsed_faults() {
  return {"rate",         "dead-expert",         "order",
          "loss",         "repeated-seed",       "batch-skipped-at-resume",
          "frozen-block", "optimizer-at-resume", "experts-at-resume",
          "bf16-norms"};
}

void describe(Fields& fields, RehearsalSpec& spec) {
  std::vector<std::string> allowed = rehearsed_faults();
  allowed.push_back("");
  fields.field("fault", spec.fault, one_of(std::move(allowed)));
  fields.field("restart_after", spec.restart_after, between(0, 1e9));
  fields.field("jitter", spec.jitter, between(0, 1));
  fields.field("repeat", spec.repeat, between(0, 1e6));
}

void describe(Fields& fields, TrainSpec& spec) {
  fields.table("model", spec.model);
  fields.field("slice", spec.slice, between(-1, 1e5));
  fields.field("part", spec.part, between(-1, 1e5));
  fields.field("steps", spec.steps, between(0, 1e9));
  fields.field("epochs", spec.epochs, between(0, 1e6));
  fields.field("first_step", spec.first_step, between(0, 1e9));
  fields.field("keep_optimizer", spec.keep_optimizer);
  fields.field("batch", spec.batch, between(1, 1e6));
  fields.field("sequence", spec.sequence, between(2, 1e7));
  fields.field("accumulate", spec.accumulate, between(1, 1e6));
  fields.field("precision", spec.precision, precisions());
  fields.field("device", spec.device, devices());
  fields.field("threads", spec.threads, between(1, 1024));
  fields.field("ranks", spec.ranks, between(1, 4096));
  fields.field("seed", spec.seed, at_least(0));
  fields.field("order_seed", spec.order_seed, at_least(0));
  fields.table("optimizer", spec.optimizer);
  fields.table("watch", spec.watch);
  fields.table("rehearsal", spec.rehearsal);
}

void describe(Fields& fields, MeasureSpec& spec) {
  fields.field("name", spec.name, required());
  fields.field("split", spec.split, one_of({"train", "valid", "test"}));
  fields.field("window", spec.window, at_least(0));
  fields.field("stride", spec.stride, at_least(0));
  fields.field("windows", spec.windows, at_least(0));
}

void describe(Fields& fields, EvalSpec& spec) {
  fields.table("model", spec.model);
  fields.field("batch", spec.batch, between(1, 1e6));
  fields.field("sequence", spec.sequence, between(2, 1e7));
  fields.field("precision", spec.precision, precisions());
  fields.field("device", spec.device, devices());
  fields.field("threads", spec.threads, between(1, 1024));
  fields.field("order_seed", spec.order_seed, at_least(0));
  fields.list("measures", spec.measures);
  fields.field("tasks", spec.tasks);
  fields.field("window", spec.window, at_least(2));
  fields.field("limit", spec.limit, at_least(0));
  fields.field("ensemble", spec.ensemble, one_of({"none", "posterior", "uniform"}));
}

}  // namespace repro::config
