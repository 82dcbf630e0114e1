#include "config/job_spec.hpp"

namespace repro::config {

void describe(Fields& fields, PrepareSpec& spec) {
  fields.table("corpus", spec.corpus);
  fields.field("vocabulary", spec.vocabulary, at_least(300));
  fields.field("tokenizer_megabytes", spec.tokenizer_megabytes, at_least(1));
  fields.field("max_train_tokens", spec.max_train_tokens, at_least(0));
}

void describe(Fields& fields, ClusterSpec& spec) {
  fields.field("embedding", spec.embedding, one_of({"wordllama", "model"}));
  fields.field("assignment", spec.assignment, one_of({"kmeans", "random"}));
  fields.field("k", spec.k, at_least(1));
  fields.field("init", spec.init, one_of({"k-means++", "random"}));
  fields.field("normalise", spec.normalise);
  fields.field("balanced", spec.balanced);
  fields.field("max_iterations", spec.max_iterations, at_least(1));
  fields.field("tolerance", spec.tolerance, at_least(0));
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

void describe(Fields& fields, EvaluateSpec& spec) {
  fields.field("every", spec.every, at_least(0));
  fields.field("windows", spec.windows, at_least(1));
  fields.field("ppl_split", spec.ppl_split, one_of({"valid", "test"}));
  fields.field("ppl_window", spec.ppl_window, at_least(0));
  fields.field("ppl_stride", spec.ppl_stride, at_least(0));
}

void describe(Fields& fields, TrainSpec& spec) {
  fields.field("phase", spec.phase, one_of({"full", "submodel", "finetune"}));
  fields.table("model", spec.model);
  fields.field("cluster", spec.cluster, at_least(-1));
  fields.field("steps", spec.steps, at_least(0));
  fields.field("epochs", spec.epochs, at_least(0));
  fields.field("batch", spec.batch, at_least(1));
  fields.field("sequence", spec.sequence, at_least(2));
  fields.field("accumulate", spec.accumulate, at_least(1));
  fields.field("precision", spec.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
  fields.field("device", spec.device, one_of({"cpu", "cuda"}));
  fields.field("threads", spec.threads, at_least(1));
  fields.field("seed", spec.seed, at_least(0));
  fields.field("order_seed", spec.order_seed, at_least(0));
  fields.table("optimizer", spec.optimizer);
  fields.table("evaluate", spec.evaluate);
  fields.field("loss_window", spec.loss_window, at_least(1));
}

void describe(Fields& fields, MergeSpec& spec) {
  fields.table("model", spec.model);
  fields.field("gamma", spec.gamma, one_of({"uniform", "samples", "tokens"}));
  fields.field("router", spec.router, one_of({"concatenate", "zeros", "normal"}));
  fields.field("scale", spec.scale, positive());
  fields.field("seed", spec.seed, at_least(0));
  fields.field("batch", spec.batch, at_least(1));
  fields.field("sequence", spec.sequence, at_least(2));
  fields.field("precision", spec.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
  fields.field("device", spec.device, one_of({"cpu", "cuda"}));
  fields.field("threads", spec.threads, at_least(1));
  fields.table("evaluate", spec.evaluate);
}

}  // namespace repro::config
