#include "config/assembly_spec.hpp"

namespace repro::config {

void describe(Fields& fields, MergeOptions& options) {
  fields.field("gamma", options.gamma, one_of({"uniform", "samples", "tokens"}));
  fields.field("router", options.router,
               one_of({"concatenate", "zeros", "normal", "centroid", "ridge"}));
  fields.field("router_windows", options.router_windows, between(1, 1e6));
  fields.field("scale", options.scale, positive());
  fields.field("parts", options.parts, one_of({"all", "backbone", "experts"}));
}

void describe(Fields& fields, CopyOptions& options) {
  fields.field("router", options.router, one_of({"concatenate", "normal"}));
  fields.field("noise", options.noise, between(0, 100));
  fields.field("scale", options.scale, positive());
}

void describe(Fields& fields, MergeSpec& spec) {
  describe(fields, static_cast<MergeOptions&>(spec));
  fields.field("of", spec.of, one_of({"submodels", "models", "copies"}));
  fields.field("noise", spec.noise, between(0, 100));
  fields.table("model", spec.model);
  fields.field("seed", spec.seed, at_least(0));
  fields.field("batch", spec.batch, between(1, 1e6));
  fields.field("sequence", spec.sequence, between(2, 1e7));
  fields.field("order_seed", spec.order_seed, at_least(0));
  fields.field("precision", spec.precision, precisions());
  fields.field("device", spec.device, devices());
  fields.field("threads", spec.threads, between(1, 1024));
}

void describe(Fields& fields, GrowOptions& options) {
  fields.field("experts", options.experts,
               one_of({"gaussian", "copy", "copy-noise", "drop-upcycle"}));
  fields.field("noise", options.noise, between(0, 100));
  fields.field("drop", options.drop, between(0, 1));
  fields.field("router", options.router, one_of({"gaussian", "copy"}));
  fields.field("bias", options.bias, one_of({"reset", "keep"}));
  fields.field("optimizer", options.optimizer, one_of({"reset", "keep"}));
}

void describe(Fields& fields, GrowSpec& spec) {
  describe(fields, static_cast<GrowOptions&>(spec));
  fields.table("model", spec.model);
  fields.field("before", spec.before, between(1, 1e5));
  fields.field("seed", spec.seed, at_least(0));
  fields.field("precision", spec.precision, precisions());
  fields.field("device", spec.device, devices());
  fields.field("threads", spec.threads, between(1, 1024));
}

}  // namespace repro::config
