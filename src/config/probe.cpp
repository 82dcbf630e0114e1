#include "config/probe.hpp"

namespace repro::config {

void describe(Fields& fields, ProbePhase& phase) {
  fields.field("model", phase.model, required());
  fields.field("phase", phase.phase, one_of({"full", "submodel", "finetune"}));
  fields.field("size", phase.size, required());
  fields.table("config", phase.config);
  fields.field("batch", phase.batch, at_least(1));
  fields.field("sequence", phase.sequence, at_least(2));
  fields.field("accumulate", phase.accumulate, at_least(1));
  fields.field("precision", phase.precision, one_of({"fp32", "bf16-mixed", "bf16-pure"}));
}

void describe(Fields& fields, ProbeSpec& spec) {
  fields.field("device", spec.device, one_of({"cpu", "cuda"}));
  fields.field("threads", spec.threads, at_least(1));
  fields.list("phases", spec.phases, required());
  fields.field("steps", spec.steps, at_least(1));
  fields.field("warmup", spec.warmup, at_least(0));
  fields.field("sizes", spec.sizes, at_least(1));
  fields.field("gemm_repeats", spec.gemm_repeats, at_least(1));
  fields.field("gemm_seconds", spec.gemm_seconds, positive());
  fields.field("phase_seconds", spec.phase_seconds, positive());
  fields.field("maximum_spread", spec.maximum_spread, positive());
  fields.field("memory_fraction", spec.memory_fraction, between(0, 1));
  fields.field("memory_bytes", spec.memory_bytes, at_least(0));
}

}  // namespace repro::config
