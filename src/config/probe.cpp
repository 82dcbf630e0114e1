#include "config/probe.hpp"

namespace repro::config {

void describe(Fields& fields, ProbeEntry& entry) {
  fields.field("model", entry.model, required());
  fields.field("shape", entry.shape, one_of({"full", "one-expert"}));
  fields.field("size", entry.size, required());
  fields.table("config", entry.config);
  fields.field("batch", entry.batch, at_least(1));
  fields.field("sequence", entry.sequence, at_least(2));
  fields.field("accumulate", entry.accumulate, at_least(1));
  fields.field("precision", entry.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
}

void describe(Fields& fields, ProbeSpec& spec) {
  fields.field("device", spec.device, one_of({"cpu", "cuda"}));
  fields.field("threads", spec.threads, at_least(1));
  fields.list("entries", spec.entries, required());
  fields.field("steps", spec.steps, at_least(1));
  fields.field("warmup", spec.warmup, at_least(0));
  fields.field("sizes", spec.sizes, at_least(1));
  fields.field("gemm_repeats", spec.gemm_repeats, at_least(1));
  fields.field("gemm_seconds", spec.gemm_seconds, positive());
  fields.field("entry_seconds", spec.entry_seconds, positive());
  fields.field("enough", spec.enough, positive());
  fields.field("patience", spec.patience, at_least(1));
  fields.field("maximum_reach", spec.maximum_reach, positive());
  fields.field("memory_fraction", spec.memory_fraction, between(0, 1));
  fields.field("memory_bytes", spec.memory_bytes, at_least(0));
}

}  // namespace repro::config
